import type { PeerSurvey } from './ports.ts';
import { alive } from './waiting.ts';

export const surveyActivities = (survey: (signal: AbortSignal) => Promise<readonly PeerSurvey[]>) => ({
  /** What each configured peer can do, and why it cannot. */
  surveyPeers: async (): Promise<readonly PeerSurvey[]> =>
    await alive({ pollMs: 1_000, heartbeatMs: 5_000 }, async ({ signal }) => await survey(signal)),
});
export type SurveyActivities = ReturnType<typeof surveyActivities>;
