declare module '*.css?text' {
  const text: string;
  export default text;
}
declare const HLS_WORKER: string;
