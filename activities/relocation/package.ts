import { alive } from '../waiting.ts';
import type { Inspection } from './inspection.ts';
import { sceneOf, type Means, type Subject } from './subject.ts';

export interface PackageOrder extends Subject {
  /** What the check found at the target a moment ago; absent: runs that began earlier do not tell. */
  readonly found?: Inspection['package'];
}

export const packaging = (means: Means) => ({
  /**
   * Step 2 (GR MEC 035, [5.3.2-3], [5.4.2-2]): the same package, validated and usable at the target. There is no undo:
   * packages are named by their content, kept and reported.
   */
  distributePackage: async ({ found, ...subject }: PackageOrder): Promise<'kept' | 'distributed'> =>
    await alive(means.pace, async (wait) => {
      const { application, target, key } = await sceneOf(means, subject);
      const usable = found === 'kept' || (await target.packages.find(application, wait.signal)) === 'usable';
      // An earlier attempt may have brought it, and not heard so
      if (usable) return wait.kept('bringing') === undefined ? 'kept' : 'distributed';
      wait.keep('bringing', application.appDId);
      wait.progress(`bringing ${application.name} ${application.softVersion} to ${target.name}`);
      await target.packages.distribute(application, key('distributePackage'), wait);
      return 'distributed';
    }),
});
