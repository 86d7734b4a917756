export { relocateApplication } from './relocation/relocate-application.ts';
export { planRelocation } from './relocation/plan-relocation.ts';
export { surveyPeers } from './survey-peers.ts';
export { joinFederation } from './federation/join-federation.ts';
export { tellSubscribers } from './federation/tell-subscribers.ts';
export { locateApplications } from './locate-applications.ts';
