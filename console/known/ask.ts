import type { Problem } from '../../api/resources.ts';

/** The API said no, or nothing. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const ANSWER_MS = 30_000;

export const get = async <T>(path: string): Promise<T> => (await (await ask(path)).json()) as T;

export async function post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const answer = await ask(path, {
    method: 'POST',
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as T;
}

/** Throws Refused. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS), ...init }).catch(() => undefined);
  if (answer === undefined) throw new Refused(unanswered);
  if (!answer.ok) throw new Refused(await problemIn(answer));
  return answer;
}

export const problemOf = (error: unknown): Problem =>
  error instanceof Refused
    ? error.problem
    : { type: 'about:blank', title: 'Unexpected', status: 0, detail: error instanceof Error ? error.message : '' };

const unanswered: Problem = {
  type: 'about:blank',
  title: 'No answer',
  status: 0,
  detail: 'Ferry’s API does not answer',
  remedy: 'Look whether it runs; this page asks again by itself.',
};

const problemIn = async (answer: Response): Promise<Problem> =>
  await answer.json().then(
    (problem: unknown) => problem as Problem,
    () => ({ ...unanswered, status: answer.status, detail: `something else answers here (${answer.status})` }),
  );

/** Of a command: asked again it is done once. Not `randomUUID`, which only pages of TLS have. */
export const freshKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
