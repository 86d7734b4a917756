import { proxyActivities, sleep, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { TwinActivities } from './activities.ts';
import type { Step } from './steps.ts';

const { work } = proxyActivities<TwinActivities>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '10 minutes',
});

/** A workflow as somebody else would have written it: the steps it is given, one after the other. */
export async function twin(steps: readonly Step[]): Promise<void> {
  for (const step of steps)
    if ('activities' in step) await Promise.all(step.activities.map(async (each) => await work(each)));
    else if ('timerMs' in step) await sleep(step.timerMs);
    else upsertSearchAttributes([{ key: searchAttributes.outcome, value: 'relocated' }]);
}
