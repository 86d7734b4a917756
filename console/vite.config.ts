import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const outDir = fileURLToPath(new URL('../dist/console/', import.meta.url));

/** Packed once, when it is built. */
const packed: Plugin = {
  name: 'packed',
  closeBundle: () => {
    for (const file of readdirSync(outDir, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(html|js|css|svg)$/.test(file)) continue;
      const content = readFileSync(`${outDir}${file}`);
      writeFileSync(`${outDir}${file}.br`, brotliCompressSync(content));
      writeFileSync(`${outDir}${file}.gz`, gzipSync(content));
    }
  },
};

/** One page of one script and one sheet, named after what they hold: what was fetched once is never asked for again. */
export default defineConfig({
  plugins: [packed],
  build: {
    outDir,
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  logLevel: 'error',
});
