/* The picture and its clock. HLS goes through hls.js, fetched only when there is such a video and the browser needs it;
 * Safari plays HLS itself and tells the time by getStartDate(). Anything else is given to the element as it is, without a clock. */

export interface Player {
  clock(): number | null;              /* PROGRAM-DATE-TIME of the picture now, Unix ms */
  destroy(): void;
}

const RETRY_MS = 5_000;

type Dated = HTMLVideoElement & { getStartDate?: () => Date };

export function play(video: Dated, url: string, said: { playing(): void; failed(): void }): Player {
  let hls: any = null;
  let gone = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onPlaying = () => said.playing();
  const onError = () => again();
  video.addEventListener('playing', onPlaying);
  video.addEventListener('error', onError);
  start();
  return {
    clock() {
      if (video.readyState < 2) return null;
      const date: Date | null | undefined = hls ? hls.playingDate : video.getStartDate?.();
      const at = date?.getTime() ?? NaN;
      return Number.isNaN(at) ? null : hls ? at : at + video.currentTime * 1000;
    },
    destroy() {
      gone = true;
      clearTimeout(timer);
      video.removeEventListener('playing', onPlaying);
      video.removeEventListener('error', onError);
      hls?.destroy();
      video.removeAttribute('src');
      video.load();
    },
  };

  function start(): void {
    const isHls = /\.m3u8($|[?#])/i.test(url);
    const native = !isHls || (!!video.getStartDate && !!video.canPlayType('application/vnd.apple.mpegurl'));
    if (native) {
      video.src = url;
      void video.play().catch(() => {});
      return;
    }
    import('hls.js').then(({ default: Hls }) => {
      if (gone) return;
      if (!Hls.isSupported()) {
        video.src = url;
        void video.play().catch(() => {});
        return;
      }
      hls = new Hls({ workerPath: new URL(HLS_WORKER, import.meta.url).href, lowLatencyMode: true, backBufferLength: 30 });
      hls.on(Hls.Events.ERROR, (_: unknown, e: { fatal: boolean; type: string }) => {
        if (!e.fatal) return;
        if (e.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
        else again();
      });
      hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => {}));
      hls.loadSource(url);
      hls.attachMedia(video);
    }, again);
  }

  function again(): void {
    if (gone) return;
    said.failed();
    clearTimeout(timer);
    timer = setTimeout(() => {
      hls?.destroy();
      hls = null;
      if (!gone) start();
    }, RETRY_MS);
  }
}
