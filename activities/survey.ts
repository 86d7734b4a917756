import type { PeerSeen } from '../domain/peer-seen.ts';
import type { PeerSurvey } from './ports.ts';
import { alive } from './waiting.ts';

export interface Surveying {
  readonly survey: (signal: AbortSignal) => Promise<readonly PeerSurvey[]>;
  /** Asks those of whom nothing was seen lately whether they are there. */
  readonly look: (signal: AbortSignal) => Promise<readonly PeerSeen[]>;
}

export const surveyActivities = ({ survey, look }: Surveying) => ({
  /** What each configured peer can do, and why it cannot. */
  surveyPeers: async (): Promise<readonly PeerSurvey[]> =>
    await alive({ pollMs: 1_000, heartbeatMs: 5_000 }, async ({ signal }) => await survey(signal)),

  /** How each configured peer was seen, by its calls. */
  lookAtPeers: async (): Promise<readonly PeerSeen[]> =>
    await alive({ pollMs: 1_000, heartbeatMs: 5_000 }, async ({ signal }) => await look(signal)),
});
export type SurveyActivities = ReturnType<typeof surveyActivities>;
