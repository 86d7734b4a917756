export { relocateApplication } from './relocation/relocate-application.ts';
export { planRelocation } from './relocation/plan-relocation.ts';
export { surveyPeers } from './survey-peers.ts';
export { locateApplications } from './locate-applications.ts';
