import { describe, expect, it } from 'vitest';
import { digest } from '../../configuration/digest.ts';
import { readEnvironment } from '../../configuration/environment.ts';

const mistakes = (variables: NodeJS.ProcessEnv): string => {
  try {
    readEnvironment(variables);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the environment', () => {
  it('needs nothing but the configuration file', () => {
    expect(readEnvironment({ FERRY_CONFIG: 'ferry.json' })).toEqual({
      FERRY_CONFIG: 'ferry.json',
      FERRY_HOST: '127.0.0.1',
      FERRY_PORT: 8700,
      FERRY_HOSTS: [],
      FERRY_UNPROTECTED: false,
      FERRY_TASK_QUEUE: 'ferry',
      FERRY_PROMOTE: false,
      FERRY_LOG_LEVEL: 'info',
      FERRY_GATEWAY_HOST: '127.0.0.1',
      FERRY_GATEWAY_PORT: 8702,
      FERRY_GATEWAY_OUTER_HOST: '127.0.0.1',
      FERRY_GATEWAY_OUTER_PORT: 8703,
      FERRY_OUTER_HOST: '127.0.0.1',
      FERRY_OUTER_PORT: 8701,
      FERRY_OUTER_INSECURE: false,
      FERRY_OUTER_PROXIES: [],
    });
  });

  it('takes an empty variable for an unset one', () => {
    const read = readEnvironment({
      FERRY_CONFIG: 'ferry.json',
      FERRY_PORT: '',
      FERRY_UNPROTECTED: '',
      FERRY_TEMPORAL_UI: '',
    });
    expect(read).toMatchObject({ FERRY_PORT: 8700, FERRY_UNPROTECTED: false });
    expect(read.FERRY_TEMPORAL_UI).toBeUndefined();
    expect(mistakes({ FERRY_CONFIG: '' })).toMatch(/FERRY_CONFIG/);
  });

  it("takes 'false' for false", () => {
    expect(readEnvironment({ FERRY_CONFIG: 'f', FERRY_UNPROTECTED: 'false' }).FERRY_UNPROTECTED).toBe(false);
    expect(readEnvironment({ FERRY_CONFIG: 'f', FERRY_UNPROTECTED: 'true' }).FERRY_UNPROTECTED).toBe(true);
  });

  it('tells all mistakes at once', () => {
    const told = mistakes({
      FERRY_HOST: '0.0.0.0',
      FERRY_PORT: '70000',
      FERRY_UNPROTECTED: 'maybe',
      FERRY_BUILD_ID: 'two words',
      FERRY_PROMOTE: 'perhaps',
      FERRY_LOG_LEVEL: 'loud',
      FERRY_TEMPORAL_UI: 'ftp://ui',
    });
    for (const name of ['CONFIG', 'HOST', 'PORT', 'UNPROTECTED', 'BUILD_ID', 'PROMOTE', 'LOG_LEVEL', 'TEMPORAL_UI'])
      expect(told).toMatch(`at FERRY_${name}`);
  });

  it('takes a list of names for the hosts, as they stand in a Host', () => {
    const hosts = (text: string) => readEnvironment({ FERRY_CONFIG: 'f', FERRY_HOSTS: text }).FERRY_HOSTS;
    expect(hosts('Ferry.Example, ferry.internal:8443')).toEqual(['ferry.example', 'ferry.internal:8443']);
    expect(hosts('[2001:db8::1]:8700,10.1.2.3')).toEqual(['[2001:db8::1]:8700', '10.1.2.3']);
    for (const wrong of ['https://ferry.example', 'a b', 'ferry.example/', 'a,,b', '*', 'a:b', 'me@ferry.example'])
      expect(mistakes({ FERRY_CONFIG: 'f', FERRY_HOSTS: wrong })).toMatch(/no list such as[^]*FERRY_HOSTS/);
  });

  it.each(['0x10', '-1', '1.5', ' 80', '65536', 'eighty'])('takes no %j for a port', (port) => {
    expect(mistakes({ FERRY_CONFIG: 'f', FERRY_PORT: port })).toMatch(/FERRY_PORT/);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'ferry.example', '127.example'])(
    'refuses to serve at %s unprotected',
    (host) => {
      expect(mistakes({ FERRY_CONFIG: 'f', FERRY_HOST: host })).toMatch(/FERRY_UNPROTECTED=true/);
      expect(readEnvironment({ FERRY_CONFIG: 'f', FERRY_HOST: host, FERRY_UNPROTECTED: 'true' }).FERRY_HOST).toBe(host);
    },
  );

  it.each(['0.0.0.0', '::', 'ferry.example'])('refuses to serve partners at %s by plain HTTP', (host) => {
    const gateway = { FERRY_CONFIG: 'f', FERRY_GATEWAY_OUTER_HOST: host };
    expect(mistakes(gateway)).toMatch(/FERRY_OUTER_INSECURE=true/);
    expect(readEnvironment({ ...gateway, FERRY_OUTER_INSECURE: 'true' }).FERRY_GATEWAY_OUTER_HOST).toBe(host);
    const outer = { FERRY_CONFIG: 'f', FERRY_OUTER_HOST: host };
    expect(mistakes({ ...outer, FERRY_UNPROTECTED: 'true' })).toMatch(/FERRY_OUTER_INSECURE=true/);
    expect(readEnvironment({ ...outer, FERRY_OUTER_INSECURE: 'true' }).FERRY_OUTER_HOST).toBe(host);
  });

  it.each(['127.0.0.1', '127.9.0.4', 'localhost', '::1'])('serves this machine at %s', (host) => {
    expect(mistakes({ FERRY_CONFIG: 'f', FERRY_HOST: host })).toBe('none');
  });
});

it('digests a text to 25 characters of base32, the first 125 bits of its SHA-256', () => {
  // printf '' | sha256sum | head -c 32 | xxd -r -p | base32 | cut -c 1-25
  expect(digest('')).toBe('4oymiquy7qobjgx36tejs35ze');
  expect(digest('a')).toMatch(/^[a-z2-7]{25}$/);
  expect(digest('a')).not.toBe(digest('b'));
});
