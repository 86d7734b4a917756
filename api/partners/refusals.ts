import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { type EwbiProblem, EwbiProblem as EwbiSchema, SUSPENDED } from '../../protocols/ewbi/problem.ts';
import { failing } from '../outward.ts';
import { HttpRefusal, type ProblemForm, problems } from '../problem.ts';
import { found } from './asking.ts';

/** Hidden, ended, somebody else's, or never there: one and the same answer, so that nothing can be found out by trying. */
export const absent = (): HttpRefusal =>
  new HttpRefusal(404, 'there is no such thing under an agreement of yours', 'Ask for the federation again.');

export const suspended = (): HttpRefusal =>
  new HttpRefusal(403, 'our operator has suspended your use of it', 'Ask our operator.', {}, SUSPENDED);

export const ended = (): HttpRefusal =>
  new HttpRefusal(403, 'our operator wants no agreement with you', 'Ask our operator.');

/** What partners are told of a problem, as E/WBI has it. */
export const ewbiForm: ProblemForm = {
  media: 'application/problem+json',
  schema: EwbiSchema,
  told: (problem): EwbiProblem => {
    const { type, title, detail } = problem.status >= 500 ? failing(problem.status) : problem;
    return {
      title,
      detail,
      cause: type === 'about:blank' ? title : type,
      ...(problem.errors !== undefined && {
        invalidParams: problem.errors.map(({ path, message }) => ({ param: path, reason: message })),
      }),
    };
  },
};

/** Where it happened is told by the route. Who sets up a federation reads in his log why the other side is not let in. */
export const refusals = (log: Logger, form: ProblemForm): ErrorRequestHandler => {
  const answered = problems(log, form, (_req: Request, res: Response) => found(res).route ?? '');
  return (error, req, res, next) => {
    if (error instanceof HttpRefusal && [401, 403].includes(error.status)) found(res).why = error.message;
    answered(error, req, res, next);
  };
};
