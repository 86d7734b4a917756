import type { Application } from '../../activities/ports.ts';

/** The application of the adapters' tests, as a configuration would describe it. */
export const counter: Application = {
  name: 'counter',
  provider: 'example',
  appDId: 'counter-d',
  softVersion: '1.0',
  descriptorVersion: '1.0',
  checksum: 'ab'.repeat(32),
  archive: { path: '/nowhere/counter.zip', uri: 'http://repository.example/packages/counter.zip' },
  domainName: 'counter.edge.example',
  port: 7000,
  ruleIds: [],
  requires: ['RNIS'],
  management: { port: 7001 },
  stateful: true,
};
