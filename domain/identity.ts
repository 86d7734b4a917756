/** Names that must be found again: of workflows, of what we make at a peer. Pure: the caller brings the digest. */

/** What may be an Idempotency-Key: of anything else no header can be made. */
export const IDEMPOTENCY_KEY = /^[!-~]{1,200}$/;

/** Hash of a text as lower-case base32 (a-z2-7), 25 characters. */
export type Digest = (text: string) => string;

/** One relocation of a subject at a time: the workflow id (design: application, source, users). */
export const relocationWorkflowId = (
  { application, source, users }: { application: string; source: string; users: string },
  digest: Digest,
): string => `relocation:${digest(`${application}\n${source}\n${users}`)}`;

/** One anchor of these users in an access network at a time. */
export const anchorWorkflowId = (
  { application, users, network }: { application: string; users: string; network: string },
  digest: Digest,
): string => `anchor:${digest(`${application}\n${users}\n${network}`)}`;

/** As the API gives it out: names the run too. */
export const anchorId = (workflowId: string, runId: string): string => runIdOf('anchor', workflowId, runId);

export const parseAnchorId = (id: string): { workflowId: string; runId: string } | undefined => parsed('anchor', id);

/** One follower of a user's device for an application at a time. */
export const followerId = ({ application, user }: { application: string; user: string }, digest: Digest): string =>
  digest(`${application}\n${user}`);
export const FOLLOWER_ID = /^[a-z2-7]{25}$/;
export const followerWorkflowId = (id: string): string => `follow:${id}`;
export const followerIdOf = (workflowId: string): string => workflowId.slice(workflowId.indexOf(':') + 1);

/** One wait for each source of these users that was taken to be dead. Made in a workflow: of its chain, which is unique. */
export const fencingWorkflowId = (chain: string): string => `fence:${runNameOf(chain)}`;

/** What the API gives out: names the run too, so that two moves of one subject are two resources. */
export const relocationId = (workflowId: string, runId: string): string => runIdOf('relocation', workflowId, runId);

export const parseRelocationId = (id: string): { workflowId: string; runId: string } | undefined =>
  parsed('relocation', id);

/** The workflow id is our own, or after a `~` whatever somebody gave it who started the run by hand. */
export const RELOCATION_ID = /^([a-z2-7]{25}|~[^/?#]{1,1000})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function runIdOf(kind: string, workflowId: string, runId: string): string {
  const id = `${workflowId.slice(workflowId.indexOf(':') + 1)}.${runId}`;
  return parsed(kind, id)?.workflowId === workflowId ? id : `~${encodeURIComponent(workflowId)}.${runId}`;
}

function parsed(kind: string, id: string): { workflowId: string; runId: string } | undefined {
  const [, of, runId] = RELOCATION_ID.exec(id) ?? [];
  if (of === undefined || runId === undefined) return undefined;
  if (!of.startsWith('~')) return { workflowId: `${kind}:${of}`, runId };
  try {
    return { workflowId: decodeURIComponent(of.slice(1)), runId };
  } catch {
    return undefined;
  }
}

/** The same for every retry, reset and continue-as-new of one procedure; another for the next one. */
export const chainOf = ({
  workflowId,
  firstExecutionRunId,
}: {
  workflowId: string;
  firstExecutionRunId: string;
}): string => `${workflowId}/${firstExecutionRunId}`;

/** By this name an application knows the relocation: it ends as the id that the API gives out, so that a person can follow it. */
export const relocationNameOf = (chain: string): string => runNameOf(chain);

/** A run, as the API names it: without the word that its workflow id begins with. */
export function runNameOf(chain: string): string {
  const slash = chain.lastIndexOf('/');
  return `${chain.slice(chain.indexOf(':') + 1, slash)}.${chain.slice(slash + 1)}`;
}

/**
 * By this name what a step makes at a peer is found again. A letter and 25 characters of base32: short and plain enough
 * for every API (MEC 016: 32, E/WBI: [a-z0-9]).
 */
export const stepKey = (chain: string, step: string, digest: Digest): string => `f${digest(`${chain}\n${step}`)}`;

/** Is this a name that a step of some relocation gave? */
export const isStepKey = (name: string | null): boolean => name !== null && /^f[a-z2-7]{25}$/.test(name);
