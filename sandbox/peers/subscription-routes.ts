import { type Request, Router } from 'express';
import type { Faults } from '../faults.ts';
import { foreignLinks } from '../foreign/asked.ts';
import { Refused } from '../problem.ts';
import { demandMatch } from './etag.ts';
import { parameter } from './query.ts';
import type { Collection, Form } from './subscription-set.ts';

/** The query parameter of a list that asks for one type, and the types by its values. */
export interface TypeQuery {
  readonly name: string;
  readonly types: Readonly<Record<string, string>>;
}

/** `instance`: where the collection is that of an application instance. */
type About = Request<{ instance?: string; id: string }>;

/** Serves subscriptions. `of`: the collection that a call is about. */
export function subscriptionRoutes(
  of: (req: About) => Collection,
  form: Form,
  faults: Faults,
  query?: TypeQuery,
): Router {
  const router = Router({ mergeParams: true });
  const really = (req: About): boolean => faults.acting(req, 'noEffect') === undefined;

  router.get('/', (req: About, res) => {
    const set = of(req);
    const others = req.params.instance === undefined ? foreignLinks(res, set.url) : [];
    const all = [...others, ...set.links(typeAsked(req, query))];
    res.json({ _links: { self: { href: set.url }, [form.list]: all } });
  });
  router.post('/', (req: About, res) => {
    const { href, body } = of(req).create(req.body, really(req));
    res.status(201).location(href).json(body);
  });
  router.get('/:id', (req: About, res) => {
    const { etag, body } = of(req).one(req.params.id);
    if (form.replaceable) res.set('ETag', etag);
    res.json(body);
  });
  if (form.replaceable)
    router.put('/:id', (req: About, res) => {
      const { etag, body } = of(req).replace(req.params.id, req.body, (tag) => demandMatch(req, tag), really(req));
      res.set('ETag', etag).json(body);
    });
  router.delete('/:id', (req: About, res) => {
    of(req).remove(req.params.id, really(req));
    res.status(204).end();
  });
  return router;
}

function typeAsked(req: Request<object>, query: TypeQuery | undefined): string | undefined {
  const asked = query && parameter(req as Request, query.name);
  if (asked === undefined || query === undefined) return undefined;
  if (!Object.hasOwn(query.types, asked)) throw new Refused(400, `no subscriptions of ${asked}`);
  return query.types[asked];
}
