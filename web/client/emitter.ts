/* Named events with plain functions. A listener that throws is reported and does not stop the others. */

export class Emitter<Events extends { [name: string]: unknown }> {
  #listeners = new Map<keyof Events, Set<(detail: any) => void>>();

  on<N extends keyof Events>(name: N, listener: (detail: Events[N]) => void): () => void {
    let set = this.#listeners.get(name);
    if (!set) this.#listeners.set(name, (set = new Set()));
    set.add(listener);
    return () => void set.delete(listener);
  }

  once<N extends keyof Events>(name: N, wanted: (detail: Events[N]) => boolean = () => true): Promise<Events[N]> {
    return new Promise((resolve) => {
      const off = this.on(name, (detail) => {
        if (!wanted(detail)) return;
        off();
        resolve(detail);
      });
    });
  }

  emit<N extends keyof Events>(name: N, detail: Events[N]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
