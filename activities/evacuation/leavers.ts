import { serves, type ApplicationState } from '../../domain/application.ts';
import { atOnce } from '../../domain/at-once.ts';
import type { Leaver } from '../../domain/window.ts';
import { mayPass } from '../failure.ts';
import type { Application, Instance, Site } from '../ports.ts';
import { whatItSays } from '../relocation/subject.ts';

/** A peer is asked for at most so much at a time. */
const AT_ONCE = 10;

/**
 * Who is served at this site, as the instances say themselves; of one application after the other `found` hears at once. What
 * cannot be asked is moved whole, or tells why not: also what of one application cannot be seen, where others can.
 */
export async function leaversAt(
  site: Site,
  applications: readonly Application[],
  perUser: boolean,
  signal: AbortSignal,
  found: (leavers: readonly Leaver[]) => void,
): Promise<void> {
  const unseen: { readonly application: string; readonly why: Error }[] = [];
  await atOnce(AT_ONCE, applications, async (application) => {
    const listed = await whatItSays(async () => await site.instances.list(application, signal), signal);
    if (listed instanceof Error) {
      if (mayPass(listed)) throw listed;
      unseen.push({ application: application.name, why: listed });
      return;
    }
    const instances = listed.filter(mayServe);
    const said = await atOnce(AT_ONCE, instances, async (instance) => await ask(site, application, instance, signal));
    found(usersOf(said, perUser).map((users) => ({ application: application.name, users })));
  });
  const [first] = unseen;
  if (first !== undefined && unseen.length === applications.length) throw first.why;
  found(unseen.map(({ application }) => ({ application, users: '*' })));
}

const mayServe = ({ state }: Instance): boolean => state === 'started' || state === 'unknown';

/** `silent`: whom it serves is not known. */
type Said = ApplicationState | 'silent';

/** One of several instances cannot be told from the others by `*`: there users are moved one by one. */
function usersOf(said: readonly Said[], perUser: boolean): readonly string[] {
  const serving = said.filter((one) => one === 'silent' || serves(one, '*'));
  if (serving.length === 0) return [];
  if (serving.length === 1 && !perUser) return ['*'];
  const named = serving.flatMap((one) =>
    one === 'silent' ? [] : one.users.filter(({ role }) => role === 'authority').map(({ user }) => user),
  );
  const others = serving.some((one) => one === 'silent' || one.role === 'authority');
  return [...new Set(named), ...(others ? ['*'] : [])];
}

async function ask(site: Site, application: Application, { endpoint }: Instance, signal: AbortSignal): Promise<Said> {
  if (application.management === undefined || endpoint === null) return 'silent';
  try {
    return await site.context(application).state(endpoint, '*', signal);
  } catch {
    signal.throwIfAborted();
    return 'silent';
  }
}
