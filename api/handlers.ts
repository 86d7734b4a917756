import type { RequestHandler } from 'express';
import type { OperationName } from './operations.ts';

/** Realises some operations. */
export type Handlers<Name extends OperationName> = Readonly<Record<Name, RequestHandler>>;

/** The path parameter of every operation on one relocation. */
export const idOf = ({ params }: Parameters<RequestHandler>[0]): string => {
  const { id } = params;
  return typeof id === 'string' ? id : '';
};
