import { z } from 'zod';

/** The application contract, version 1 (docs/application-contract.md): what is asked of an instance. */

/** The id that Ferry's API gives out. */
const Relocation = z.string().min(1);
/** A ueIdentityTag, or `*`: every user whom the instance serves. */
const Users = z.string().min(1);
const Epoch = z.int().nonnegative();

/** A management endpoint. */
export const Address = z.object({ host: z.string().min(1), port: z.int().min(1).max(65_535) });

export const PromiseOrder = z.object({
  relocation: Relocation,
  users: Users,
  /** Null or absent: nowhere yet. */
  target: Address.nullable().optional(),
});

/** Without content, as Ferry asks it, an introduction; with it, as the source does, of the application's own form. */
export const CopyOrder = z.object({
  relocation: Relocation,
  users: Users,
  source: Address,
  chunk: z.array(z.unknown()),
  epoch: Epoch.optional(),
});

export const HandOverOrder = z.object({ relocation: Relocation, target: Address });

export const SettleOrder = z.object({
  relocation: Relocation,
  users: Users.optional(),
  retired: z.boolean().optional(),
});

export const RetireOrder = z.object({ relocation: Relocation });

export const SupersedeOrder = z.object({
  relocation: Relocation,
  users: Users,
  epoch: Epoch,
  /** Null: the instance that is asked. */
  to: Address.nullable(),
  spared: z.boolean().optional(),
  elsewhere: z.array(z.object({ user: z.string().min(1), epoch: Epoch, to: Address })).optional(),
});
