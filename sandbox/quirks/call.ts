import type { Request, Response } from 'express';
import type { Memory } from './memory.ts';
import type { QuirkName } from './table.ts';

/** A call that meets quirks. */
export interface Call {
  readonly req: Request;
  readonly res: Response;
  readonly memory: Memory;
}

/** For handlers: has the peer this quirk for this call? */
export function has(res: Response, name: QuirkName): boolean {
  return (res.locals['quirks'] as ReadonlySet<QuirkName> | undefined)?.has(name) ?? false;
}

/** The last segment of a path or a link. */
export const lastOf = (link: string): string => link.split(/[?#]/, 1)[0]?.replace(/\/$/, '').split('/').at(-1) ?? '';

/** Has every JSON answer changed before it leaves; who asked first changes last. */
export function changeJson(res: Response, change: (body: unknown) => unknown): void {
  const json = res.json.bind(res);
  res.json = (body: unknown) => (res.statusCode < 300 ? json(change(body)) : json(body));
}

/** Has headers changed when they are about to leave. */
export function changeHeaders(res: Response, change: () => void): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
  res.writeHead = ((...args: unknown[]) => {
    change();
    return writeHead(...args);
  }) as typeof res.writeHead;
}
