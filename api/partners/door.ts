import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { seen } from '../../catalogue/agreements.ts';
import { isUuid } from '../../catalogue/aliases.ts';
import type { Catalogue } from '../../catalogue/database.ts';
import { served } from '../../catalogue/serving.ts';
import { willTowards } from '../../catalogue/wills.ts';
import type { Federation } from '../../configuration/federation.ts';
import type { Configuration } from '../../configuration/peers.ts';
import { HttpRefusal } from '../problem.ts';
import type { Operation, Scope } from '../serve.ts';
import { callerOf, identify, permit } from '../tokens/admission.ts';
import { callersOf } from '../../doors/tokens/callers.ts';
import type { Tokens } from '../../doors/tokens/tokens.ts';
import { found, partnerOf } from './asking.ts';
import { ofPartners } from './limits.ts';
import { absent, ended, suspended } from './refusals.ts';

export interface DoorMeans {
  readonly catalogue: Catalogue;
  readonly federation: Federation;
  readonly configuration: Pick<Configuration, 'systems' | 'sites'>;
  readonly tokens: Tokens;
  readonly log: Logger;
}

/** Who comes in: a token of ours, of a partner, that does not ask too often; before a body is read. */
export function partnersOnly({ federation, configuration, tokens }: DoorMeans): readonly RequestHandler[] {
  const callers = callersOf({ federation, systems: configuration.systems });
  const known: RequestHandler = async (req, res, next) => {
    const caller = await identify(tokens, req, res);
    const partner = callers.partner(caller);
    if (partner === undefined) found(res).client = `${caller.client} of ${caller.issuer}`;
    if (partner === undefined)
      throw new HttpRefusal(403, 'the client of the token is no partner of ours', 'Ask our operator.');
    found(res).partner = partner;
    next();
  };
  return [known, ...ofPartners(federation)];
}

const CONTEXT = 'federationContextId';

/**
 * What a partner may ask: what its token allows, under an agreement that holds, as our operator wills it. In this order,
 * and before anything of the request is judged.
 */
export const admission =
  ({ catalogue, log }: DoorMeans) =>
  (scope: Scope, operation: Operation): RequestHandler =>
  async (req, res, next) => {
    found(res).route = operation.path;
    permit(callerOf(res), scope);
    const partner = partnerOf(res);
    const context = req.params[CONTEXT];
    if (context === undefined) {
      const { ours } = await willTowards(catalogue, { partner, direction: 'serves', joins: true });
      if (ours === 'ended') throw operation.method === 'post' ? ended() : absent();
      next();
      return;
    }
    const agreement =
      typeof context === 'string' && isUuid(context) ? await served(catalogue, { partner, context }) : undefined;
    if (agreement === undefined) throw absent();
    if (agreement.ours === 'suspended' && operation.whileSuspended !== true) throw suspended();
    found(res).served = agreement;
    seen(catalogue, agreement).catch((error: unknown) => log.debug({ err: error }, 'not noted'));
    next();
  };
