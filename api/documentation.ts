import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Router } from 'express';

const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const served = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Ferry</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/initializer.js"></script>
  </body>
</html>
`;

/** No validator: it would be asked on the Internet. */
const initializer = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', validatorUrl: null, deepLinking: true });
`;

/** The description for people: Swagger UI, from this machine alone. */
export const documentation = (): Router => {
  const router = Router()
    .get('/docs', (_req, res) => {
      res.type('html').send(page);
    })
    .get('/docs/initializer.js', (_req, res) => {
      res.type('js').send(initializer);
    });
  for (const file of served)
    router.get(`/docs/${file}`, (_req, res) => {
      res.sendFile(file, { root: assets, cacheControl: false });
    });
  return router;
};
