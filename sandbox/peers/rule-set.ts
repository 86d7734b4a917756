import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import type { Faults } from '../faults.ts';
import { found, Refused } from '../problem.ts';
import { has } from '../quirks/call.ts';
import { demandMatch, type EtagKind, etagOf } from './etag.ts';

interface Kept<R> {
  rule: R;
  /** What the network was told: another one where the platform only pretended to tell it. */
  told: R;
  version: number;
}

/** A name as it is asked for: without regard to case (RFC 4343), and to the dot of the root. */
export const asked = (domainName: string): string => domainName.toLowerCase().replace(/\.$/, '');

const same = (member: string, a: unknown, b: unknown): boolean =>
  member === 'domainName' ? asked(String(a)) === asked(String(b)) : a === b;

/** Rules of one kind, by instance and id: read one by one with their ETag, and swapped (MEC 011). */
export class RuleSet<R extends object> {
  readonly #schema: z.ZodType<R>;
  /** Members that no PUT can change; the first is the rule's id. */
  readonly #fixed: readonly [keyof R & string, ...(keyof R & string)[]];
  readonly #etag: EtagKind;
  /** Rules that an instance has besides those of its descriptor, where the quirk is on. */
  readonly #others: (rules: readonly R[]) => readonly object[];
  readonly #instances = new Map<string, Map<string, Kept<R>>>();

  constructor(
    schema: z.ZodType<R>,
    fixed: readonly [keyof R & string, ...(keyof R & string)[]],
    etag: EtagKind,
    others: (rules: readonly R[]) => readonly object[],
  ) {
    this.#schema = schema;
    this.#fixed = fixed;
    this.#etag = etag;
    this.#others = others;
  }

  admit(instance: string, rules: readonly unknown[]): void {
    const parsed = rules.map((rule) => this.#schema.parse(rule));
    this.#instances.set(instance, new Map(parsed.map((rule) => [this.#id(rule), { rule, told: rule, version: 1 }])));
  }

  dismiss(instance: string): void {
    this.#instances.delete(instance);
  }

  /** What the network is to know, ACTIVE or not. */
  told(): { instance: string; rule: R }[] {
    return this.#sorted().flatMap(([instance, rules]) => rules.map(({ told }) => ({ instance, rule: told })));
  }

  state(): Record<string, R[]> {
    return Object.fromEntries(this.#sorted().map(([instance, rules]) => [instance, rules.map(({ rule }) => rule)]));
  }

  /** Below `/applications/:instance/<kind>`. `tell` is awaited before the answer to a PUT. */
  routes(faults: Faults, tell: () => Promise<void>): Router {
    const router = Router({ mergeParams: true });
    router.use((req: Request<{ instance: string }>, res, next) => {
      if (has(res, 'otherRules')) this.#admitOthers(req.params.instance);
      next();
    });
    router.get('/', (req: Request<{ instance: string }>, res) => {
      res.json([...this.#of(req.params.instance).values()].map(({ rule }) => rule));
    });
    router.get('/:id', (req: Request<{ instance: string; id: string }>, res) =>
      this.#answer(res, this.#one(req.params)),
    );
    router.put('/:id', async (req: Request<{ instance: string; id: string }>, res) => {
      const kept = this.#one(req.params);
      const rule = this.#schema.parse(req.body);
      for (const member of this.#fixed)
        if (!same(member, rule[member], kept.rule[member])) throw new Refused(400, `${member} cannot be changed`);
      demandMatch(req, this.#etagOf(kept));
      const fault = faults.acting(req, 'noEffect');
      if (fault !== undefined && fault.pushed !== false) return this.#answer(res, { ...kept, rule });
      kept.rule = rule;
      kept.version += 1;
      if (fault === undefined) kept.told = rule;
      await tell();
      this.#answer(res, kept);
    });
    return router;
  }

  /** Once: from then on they are rules as all others. */
  #admitOthers(instance: string): void {
    const rules = this.#instances.get(instance);
    if (rules === undefined) return;
    for (const other of this.#others([...rules.values()].map(({ rule }) => rule))) {
      const rule = this.#schema.parse(other);
      if (!rules.has(this.#id(rule))) rules.set(this.#id(rule), { rule, told: rule, version: 1 });
    }
  }

  #answer(res: Response, kept: Kept<R>): void {
    res.set('ETag', this.#etagOf(kept)).json(kept.rule);
  }

  #etagOf({ rule, version }: Kept<R>): string {
    return etagOf(this.#etag, version, rule);
  }

  #one({ instance, id }: { instance: string; id: string }): Kept<R> {
    return found(this.#of(instance).get(id), `rule ${id} of instance ${instance}`);
  }

  #of(instance: string): Map<string, Kept<R>> {
    return found(this.#instances.get(instance), `instance ${instance} here`);
  }

  #id(rule: R): string {
    return String(rule[this.#fixed[0]]);
  }

  #sorted(): [string, Kept<R>[]][] {
    return [...this.#instances]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([instance, rules]) => [
        instance,
        [...rules].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, kept]) => kept),
      ]);
  }
}
