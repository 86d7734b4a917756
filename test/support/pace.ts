import { Pace } from '../../configuration/peers.ts';
import { busy } from './busy.ts';

/** What a step may take on a machine that has nothing else to do: where a busy one ran out of it, runs rolled back by themselves. */
const within = (ms: number): number => Math.round(ms * busy());

/** As busy as the machine is when it is taken, not when the file began. */
export const quickPace: Pace = {
  ...Pace.parse({}),
  attemptMs: 1_000,
  get stepMs() {
    return within(3_000);
  },
  get handOverMs() {
    return within(3_000);
  },
  get operationMs() {
    return within(5_000);
  },
  get heartbeatMs() {
    return within(2_000);
  },
  pollMs: 5,
  get insistMs() {
    return within(3_000);
  },
  quietMs: 100,
  drainLimitMs: 400,
  /** What has more time is not tried more often in it. */
  get retryMs() {
    return within(20);
  },
  deadMs: 50,
};
