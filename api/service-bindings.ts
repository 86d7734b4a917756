import { z } from 'zod';
import { consumptionStepNames } from '../domain/binding.ts';
import { Failure as FailureType } from '../domain/relocation.ts';
import { Asked } from '../domain/wish.ts';
import { Instant, NextPage, WaitingFor } from './resources.ts';

/** What is consumed across operators, as the API tells it. */

const Failure = z.object({
  type: FailureType,
  step: z.enum(consumptionStepNames as [string, ...string[]]),
  message: z.string(),
  remedy: z.string(),
});

/** DELETE, as `ferry release`. */
export const bindingActions = ['release'] as const;

export const ServiceBinding = z
  .object({
    id: z.string().meta({ description: 'Of this API.' }),
    name: z.string().nullable().meta({ description: 'By which both operators know it; null: nothing was chosen yet.' }),
    side: z
      .enum(['consumer', 'producer'])
      .meta({ description: '`consumer`: we use it; `producer`: a partner uses ours.' }),
    state: z
      .enum(['working', 'open', 'closed', 'failed'])
      .meta({ description: '`working`: it is being bound, or undone; `failed`: it could not be bound.' }),
    step: z
      .enum(consumptionStepNames as [string, ...string[]])
      .nullable()
      .meta({ description: 'While it works: which step of GR MEC 035, 6.5.3.' }),
    waitingFor: WaitingFor.nullable().meta({ description: 'While it works: what is attempted. Lists do not tell it.' }),
    actions: z.array(z.enum(bindingActions)).meta({ description: 'What an operator may do now.' }),
    system: z.string(),
    platform: z.string(),
    what: z.object({ kind: z.enum(['service', 'application']), name: z.string() }),
    forApplication: z.string().nullable(),
    partner: z.string().nullable(),
    operator: z.string().nullable().meta({ description: 'Who is at the other end.' }),
    requests: z.int(),
    bytes: z.int(),
    openedAt: Instant.nullable(),
    usedAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    why: z.string().nullable().meta({ description: 'It is closed.' }),
    asked: z.array(Asked).meta({ description: 'Partners that were asked, and what each said.' }),
    tried: z.int().meta({ description: 'Candidates.' }),
    failure: Failure.nullable(),
    leftovers: z.array(z.string()).meta({ description: 'What could not be undone.' }),
    durationsMs: z.record(z.string(), z.number()),
  })
  .meta({ id: 'ServiceBinding' });
export type ServiceBinding = z.infer<typeof ServiceBinding>;

/** What is offered of one, and what is carried out. One that works is given up, and undone. */
export const actionsOf = ({ state }: Pick<ServiceBinding, 'state'>): ServiceBinding['actions'] =>
  state === 'working' || state === 'open' ? [...bindingActions] : [];

export const ServiceBindingList = z
  .object({
    bindings: z.array(ServiceBinding),
    next: NextPage,
  })
  .meta({ id: 'ServiceBindingList' });
export type ServiceBindingList = z.infer<typeof ServiceBindingList>;
