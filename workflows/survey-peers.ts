import type { PeerSurvey } from '../activities/ports.ts';
import { surveyPeers as survey } from './steps.ts';

/** Asks every configured peer what it can do; the API itself calls no peer. */
export async function surveyPeers(): Promise<readonly PeerSurvey[]> {
  return await survey();
}
