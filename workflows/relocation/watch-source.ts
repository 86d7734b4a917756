import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Both } from '../../activities/relocation/subject.ts';
import type { Watched, WatchOrder } from '../../activities/relocation/watch-source.ts';
import type { Standby } from '../../domain/procedure.ts';

/** So often its silence is told; a source that comes and goes must not make a history without end. */
const MOST = 200;
/** What could not be looked at is looked at again after so long. */
const LATER = '1 minute';

/** Tells, as long as a standby is held, whether its source is silent, and since when. */
export class SourceWatch {
  readonly #scope = new CancellationScope();
  silentSince: string | null = null;

  constructor(watch: (order: WatchOrder) => Promise<Watched>, both: Both, tell: (standby: Standby) => void) {
    tell({ silentSince: null, copy: null });
    this.#scope
      .run(async () => {
        for (let told = 0; told < MOST; told += 1) {
          try {
            const seen = await watch({ ...both, until: this.silentSince === null ? 'silent' : 'answers' });
            this.silentSince = seen.silentSince;
            tell(seen);
          } catch (error) {
            if (isCancellation(error)) throw error;
            await sleep(LATER);
          }
        }
      })
      .catch(() => undefined); // it is not watched any more
  }

  end(): void {
    this.#scope.cancel();
  }
}
