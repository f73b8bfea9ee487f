/* Builds the pages and the browser client into ../build/web (or LIVESHELF_WEB_OUT):
 *
 *   client/live-shelf.js            ES module for a shop's own page; the name stays
 *   {viewer,host,logistics,checkout}/index.html      the names stay; each names its assets by their hash
 *   assets/                         scripts, styles and chunks, hashed: cache them for ever
 *   img/                            pictures of the sample shop
 *   .report.html                    liveshelf-load's report with a place for the data; not served
 *
 * Beside every text file lie its .br and .gz, made once here so that the server compresses nothing. */

import { build } from 'esbuild';
import { brotliCompress, gzip, constants } from 'node:zlib';
import { promisify } from 'node:util';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.env.LIVESHELF_WEB_OUT || path.join(here, '../build/web'));
const PAGES = { viewer: 'viewer/viewer.ts', host: 'host/host.tsx', logistics: 'logistics/logistics.tsx', checkout: 'checkout/checkout.ts' };
const TEXT = /\.(html|js|css|svg|json|txt)$/;

/* The worker of hls.js is a file of its own: a policy without blob: scripts can still run it. */
const worker = await readFile(path.join(here, 'node_modules/hls.js/dist/hls.worker.js'));
const workerName = `assets/hls-worker-${createHash('sha256').update(worker).digest('hex').slice(0, 8).toUpperCase()}.js`;

const shared = {
  absWorkingDir: here,
  bundle: true,
  splitting: true,
  format: 'esm',
  minify: true,
  target: 'es2020',
  charset: 'utf8',
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'text' },
  plugins: [cssText()],
  define: { HLS_WORKER: JSON.stringify('/' + workerName) },
  chunkNames: 'assets/[name]-[hash]',
  metafile: true,
  outdir: out,
  logLevel: 'warning',
};

await rm(out, { recursive: true, force: true });
await mkdir(path.join(out, 'assets'), { recursive: true });
const [client, pages] = await Promise.all([
  build({ ...shared, entryPoints: { 'client/live-shelf': 'client/live-shelf.ts' } }),
  build({ ...shared, entryPoints: Object.fromEntries(Object.entries(PAGES).map(([name, file]) => [name, file])), entryNames: 'assets/[name]-[hash]' }),
]);
await writeFile(path.join(out, workerName), worker.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
await cp(path.join(here, 'img'), path.join(out, 'img'), { recursive: true });

for (const [name, file] of Object.entries(PAGES)) {
  const [script, { cssBundle }] = Object.entries(pages.metafile.outputs).find(([, o]) => o.entryPoint === file);
  const href = (p) => '/' + path.relative(out, path.resolve(here, p)).split(path.sep).join('/');
  const html = (await readFile(path.join(here, name, 'index.html'), 'utf8'))
    .replace('{{script}}', href(script))
    .replace('{{style}}', cssBundle ? href(cssBundle) : '');
  await mkdir(path.join(out, name), { recursive: true });
  await writeFile(path.join(out, name, 'index.html'), html);
}

await reportBuild();

const files = (await list(out)).filter((f) => TEXT.test(f) && !path.basename(f).startsWith('.'));
const sizes = await Promise.all(files.map(compress));
for (const s of sizes.sort((a, b) => a.file.localeCompare(b.file))) {
  console.log(`${kB(s.raw)} kB  ${kB(s.gz)} kB gzip  ${kB(s.br)} kB br   ${s.file}`);
}
void client;

/* Everything in one file: it is mailed around and opened from a disk. */
async function reportBuild() {
  const { outputFiles } = await build({ ...shared, entryPoints: ['report/report.tsx'], splitting: false, format: 'iife', write: false, metafile: false });
  const text = (ending) => outputFiles.find((f) => f.path.endsWith(ending)).text;
  const html = (await readFile(path.join(here, 'report/index.html'), 'utf8'))
    .replace('{{style}}', () => text('.css').trim())
    .replace('{{script}}', () => text('.js').trim().replaceAll('</script', '<\\/script'));
  if (html.split('{{run}}').length !== 2) throw new Error('report: the place for the data must be there once');
  await writeFile(path.join(out, '.report.html'), html);
}

async function compress(file) {
  const bytes = await readFile(file);
  const quality = bytes.length > 300_000 ? 9 : 11;      /* 11 takes seconds on the big chunk for one per cent */
  const [gz, br] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  ]);
  await Promise.all([writeFile(file + '.gz', gz), writeFile(file + '.br', br)]);
  return { file: path.relative(out, file), raw: bytes.length, gz: gz.length, br: br.length };
}

async function list(dir) {
  const entries = await readdir(dir, { withFileTypes: true });
  return (await Promise.all(entries.map((e) => (e.isDirectory() ? list(path.join(dir, e.name)) : [path.join(dir, e.name)])))).flat();
}

function kB(n) {
  return (n / 1000).toFixed(1).padStart(7);
}

/* `import css from './x.css?text'` gives the minified text: a shadow root takes it as its own sheet. */
function cssText() {
  return {
    name: 'css-text',
    setup(b) {
      b.onResolve({ filter: /\.css\?text$/ }, (a) => ({ path: path.resolve(a.resolveDir, a.path.replace('?text', '')), namespace: 'css-text' }));
      b.onLoad({ filter: /.*/, namespace: 'css-text' }, async (a) => {
        const made = await build({ entryPoints: [a.path], minify: true, write: false, target: 'es2020', charset: 'utf8' });
        return { contents: made.outputFiles[0].text, loader: 'text', watchFiles: [a.path] };
      });
    },
  };
}
