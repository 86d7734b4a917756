import {
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { status as grpc } from '@grpc/grpc-js';
import {
  ActivityFailure,
  ApplicationFailure,
  NamespaceNotFoundError,
  TimeoutFailure,
  WorkflowNotFoundError,
} from '@temporalio/common';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { failures, isFailureType, Refusal, type FailureType } from '../domain/failures.ts';
import { HttpRefusal, plain, printable, unavailable } from '../doors/refusal.ts';
import { MISSING } from '../domain/missing.ts';
import { Malformed } from './input.ts';
import { Problem } from './resources.ts';

export { HttpRefusal, printable, unavailable } from '../doors/refusal.ts';

/** How a face of the API tells a refusal. */
export interface ProblemForm {
  readonly media: string;
  readonly schema: z.ZodType;
  readonly told: (problem: Problem) => object;
}

/** One that ended may have been there. */
export const UNKNOWN =
  "there is no such relocation; one that has ended is kept for the retention of Temporal's namespace";

/** RFC 9457, as MEC 009 asks of every ETSI MEC API. */
export const problemDetails: ProblemForm = {
  media: 'application/problem+json',
  schema: Problem,
  told: (problem) => problem,
};

/** The only place that turns an error into an answer. `where`: what it tells of the URL. */
export const problems =
  (log: Logger, form: ProblemForm, where: (req: Request, res: Response) => string = urlOf): ErrorRequestHandler =>
  (error, req, res, next) => {
    if (res.headersSent) return next(error); // too late for an answer: Express closes the connection
    const [problem, headers] = problemOf(error);
    if (problem.status >= 500) log[problem.status === 500 ? 'error' : 'warn']({ err: error }, problem.detail);
    res
      .status(problem.status)
      .set(headers)
      .type(form.media)
      .json(form.told({ ...problem, instance: where(req, res) }));
  };

const urlOf = ({ originalUrl }: Request): string => printable(originalUrl);

type Answer = [problem: Problem, headers: Readonly<Record<string, string>>];

function problemOf(error: unknown): Answer {
  if (error instanceof Refusal) return [failed(error.type, error.message, error.see), whenOf(error)];
  if (error instanceof HttpRefusal)
    return [{ ...plain(error.status, error.message), type: error.type, remedy: error.remedy }, error.headers];
  if (error instanceof Malformed) return [malformed(error), {}];
  if (isClientError(error)) return unreadableBody(error);
  if (error instanceof WorkflowNotFoundError) return [failed('UnknownRelocation', UNKNOWN), {}];
  const failure = failureBehind(error);
  if (failure !== undefined) return [failed(failure.type, failure.message), whenOf(failure)];
  if (isTemporals(error)) return problemOf(temporalAway(error));
  return [{ ...plain(500, 'Ferry made a mistake'), remedy: failures.Unexpected.remedy, failure: 'Unexpected' }, {}];
}

const failed = (type: FailureType, detail: string, see?: string): Problem => ({
  type: `urn:ferry:failure:${type}`,
  title: type.replaceAll(/(?<=[a-z])[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`),
  status: failures[type].status,
  detail: printable(detail),
  failure: type,
  remedy: failures[type].remedy,
  ...(see !== undefined && { see }),
});

/** Whoever is away may be back soon. */
const whenOf = ({ type, afterSeconds = 2 }: Pick<Refusal, 'type'> & Partial<Pick<Refusal, 'afterSeconds'>>) =>
  failures[type].status === 503 ? { 'retry-after': String(afterSeconds) } : {};

function malformed({ message, where, issues }: Malformed): Problem {
  const errors = issues.slice(0, 20).map((issue) => ({
    path: printable([where, ...issue.path].join('.')),
    message: printable(wanted(issue)),
  }));
  return { ...plain(400, message), remedy: 'Mend what `errors` names; /docs shows what is taken.', errors };
}

/** Whoever fits none of several forms is told what each of them wants. */
const wanted = (issue: z.core.$ZodIssue): string =>
  issue.code !== 'invalid_union' || issue.errors.length === 0 || issue.message === MISSING
    ? issue.message
    : `none of what is allowed: ${issue.errors.map((form) => form.map(partOf).join(' and ')).join('; or ')}`;
const partOf = (issue: z.core.$ZodIssue): string => {
  const message = wanted(issue).replace(/^Invalid input: /, '');
  return issue.path.length === 0 ? message : `${issue.path.join('.')}: ${message}`;
};

/** What Express and its body parser throw: no JSON, too long, another encoding, a path that does not decode. */
const isClientError = (error: unknown): error is Error & { status: number; limit?: number } =>
  error instanceof Error &&
  'status' in error &&
  typeof error.status === 'number' &&
  error.status >= 400 &&
  error.status < 500;

function unreadableBody({ status, message, limit = 65_536 }: Error & { status: number; limit?: number }): Answer {
  const remedy =
    status === 413
      ? `Send at most ${limit / 1_024} kB.`
      : status === 415
        ? 'Send application/json in UTF-8, without a content encoding.'
        : 'Send what /docs shows, as JSON in UTF-8.';
  // What is still being sent is not worth reading.
  return [{ ...plain(status, message), remedy }, status === 413 ? { connection: 'close' } : {}];
}

/** What a workflow, one of its steps, or the validator of an update said. */
export function failureBehind(error: unknown): { type: FailureType; message: string } | undefined {
  if (!(error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError)) return undefined;
  const cause = error.cause instanceof ActivityFailure ? error.cause.cause : error.cause;
  if (cause instanceof TimeoutFailure) return outOfTime(cause);
  if (!(cause instanceof ApplicationFailure)) return undefined;
  if (cause.type === 'AcceptedUpdateCompletedWorkflow')
    return { type: 'NotPossibleNow', message: 'it ended in the meantime' };
  return isFailureType(cause.type) ? { type: cause.type, message: cause.message } : undefined;
}

/** Its time was over: what it was told last, by the peer or by the step itself. */
function outOfTime({ cause, lastHeartbeatDetails }: TimeoutFailure): { type: FailureType; message: string } {
  if (cause instanceof ApplicationFailure && isFailureType(cause.type))
    return { type: cause.type, message: cause.message };
  const doing = typeof lastHeartbeatDetails === 'string' ? `${lastHeartbeatDetails}: ` : '';
  return { type: 'PeerUnavailable', message: `${doing}a peer has not answered in time` };
}

/** Temporal does not answer, or not as it should. */
export const isTemporals = (error: unknown): error is Error =>
  error instanceof ServiceError ||
  error instanceof NamespaceNotFoundError ||
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  isGrpcServiceError(error);

/** Has a limit of calls, of a namespace or of its index, been reached? */
export function isLimit(error: unknown): boolean {
  if (isGrpcServiceError(error)) return error.code === grpc.RESOURCE_EXHAUSTED;
  return error instanceof ServiceError && error.cause !== undefined && isLimit(error.cause);
}

const temporalAway = (error: Error): HttpRefusal => (isLimit(error) ? busy : away(error));

const busy = unavailable(
  'Temporal takes no more calls at the moment: a limit of its namespace is reached',
  'Ask again after Retry-After; with the same Idempotency-Key nothing is started twice. If it stays so, raise the limit.',
  5,
);

const away = (error: Error): HttpRefusal =>
  unavailable(
    error instanceof NamespaceNotFoundError
      ? 'Temporal does not know the namespace'
      : 'Temporal does not answer as it should',
    'Ask again; with the same Idempotency-Key nothing is started twice. If it stays so, look whether Temporal runs.',
  );
