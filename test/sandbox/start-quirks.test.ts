import { describe, expect, it } from 'vitest';
import { counterDescriptor, realIds } from '../../sandbox/provider.ts';
import { StartQuirks } from '../../sandbox/quirks/start.ts';

describe('how odd a world is from its start', () => {
  it('is said by names; all that is harmless includes the ids in its package', () => {
    expect(StartQuirks.parse(['weakTags', 'realRuleIds'])).toEqual(['weakTags', 'realRuleIds']);
    expect(StartQuirks.parse(['harmless'])).toEqual(['harmless', 'realRuleIds']);
    expect(() => StartQuirks.parse(['gremlins'])).toThrow('weakTags');
  });

  it('realRuleIds: a package whose rules are called and spelt as by people and tools', () => {
    const { appDNSRule, appTrafficRule } = counterDescriptor(2, realIds);
    expect(appDNSRule).toMatchObject([{ dnsRuleId: 'DNSRule001', domainName: 'Counter.Edge.Example.' }]);
    expect(appTrafficRule?.map((rule) => rule['trafficRuleId'])).toEqual(['TrafficRule001', 'TrafficRule002']);
  });
});
