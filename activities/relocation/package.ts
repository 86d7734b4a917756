import { alive } from '../waiting.ts';
import { sceneOf, type Means, type Subject } from './subject.ts';

export const packaging = (means: Means) => ({
  /**
   * Step 2 (GR MEC 035, [5.3.2-3], [5.4.2-2]): the same package, validated and usable at the target. There is no undo:
   * packages are named by their content, kept and reported.
   */
  distributePackage: async (subject: Subject): Promise<'kept' | 'distributed'> =>
    await alive(means.pace, async (wait) => {
      const { application, target, key } = await sceneOf(means, subject);
      if ((await target.packages.find(application, wait.signal)) === 'usable') return 'kept';
      wait.progress(`bringing ${application.name} ${application.softVersion} to ${target.name}`);
      await target.packages.distribute(application, key('distributePackage'), wait);
      return 'distributed';
    }),
});
