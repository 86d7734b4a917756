import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RequestHandler, type Response, Router } from 'express';

/** As it is built, or where the build of these sources is. */
const folder = fileURLToPath(
  new URL(import.meta.url.endsWith('.js') ? '../console/' : '../dist/console/', import.meta.url),
);

/** What the build has packed beside each file, the smallest first. */
const packings = { br: '.br', gzip: '.gz' } as const;

/** A name tells what the file holds: it is never another one. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * The console: one page, a script, a sheet. It asks `/v1`, and nothing elsewhere. Files are those that there are at the
 * start; nothing that is asked becomes a path.
 */
export function consolePage(at = folder): Router {
  const router = Router();
  const files = filesIn(at);
  const has = (file: string): boolean => files.includes(file);
  if (!has('index.html')) return router.get('/', unbuilt);
  router.get('/', sent(at, 'index.html', has, 'no-cache'));
  for (const file of files.filter((name) => name.startsWith('assets/') && !/\.(br|gz)$/.test(name)))
    router.get(`/${file}`, sent(at, file, has, FOR_EVER));
  return router;
}

function filesIn(at: string): string[] {
  try {
    return readdirSync(at, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
  } catch {
    return []; // it was not built
  }
}

const sent =
  (root: string, file: string, has: (file: string) => boolean, cacheControl: string): RequestHandler =>
  (req, res) => {
    const offered = Object.keys(packings).filter((name) => has(`${file}${packings[name as keyof typeof packings]}`));
    const packing = offered.length === 0 ? false : req.acceptsEncodings([...offered, 'identity']);
    const headers = { 'cache-control': cacheControl, vary: 'accept-encoding' };
    res.set(headers).type(file.slice(file.lastIndexOf('.')));
    if (packing !== 'br' && packing !== 'gzip') return res.sendFile(file, { root, cacheControl: false });
    res.set('content-encoding', packing);
    return res.sendFile(`${file}${packings[packing]}`, { root, cacheControl: false });
  };

const unbuilt = (_req: unknown, res: Response): void => {
  res.status(503).type('html').send(page);
};

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="color-scheme" content="light dark">
    <title>Ferry</title>
  </head>
  <body>
    <h1>The console is not built</h1>
    <p>This API runs from its sources. <code>npm run build</code> makes the console; then start the API again.</p>
    <p>Everything else is there: <a href="/docs">what the API can be asked</a>, and the command line.</p>
  </body>
</html>
`;
