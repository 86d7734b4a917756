import type { RequestHandler, Response } from 'express';

/** From a request to when its answer has been taken; a stream may stand still for so long. */
export const TAKEN_MS = 60_000;

/** Who does not take his answer would have it kept for ever, and none of Node's limits concerns him. Streams see to it themselves. */
export const takenWithin =
  (ms: number): RequestHandler =>
  ({ socket }, res, next) => {
    const late = setTimeout(() => isStream(res) || socket.destroy(), ms);
    res.once('close', () => clearTimeout(late));
    next();
  };

const isStream = (res: Response): boolean => String(res.getHeader('content-type')).startsWith('text/event-stream');

/** The same of a stream, which is written without end: cut where its reader has not taken for so long what it was told. */
export function cutWhereStill(res: Response, ms: number): (text: string) => void {
  let still: NodeJS.Timeout | undefined;
  const moved = (): void => {
    clearTimeout(still);
    still = undefined;
  };
  res.on('drain', moved).once('close', moved);
  return (text) => {
    if (!res.write(text)) still ??= setTimeout(() => res.destroy(), ms);
  };
}
