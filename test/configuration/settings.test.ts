import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { apiSettings, workerSettings } from '../../configuration/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferry-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: object): string => {
  writeFileSync(join(folder, name), JSON.stringify(content));
  return join(folder, name);
};
const nothing = { peers: {}, networks: {}, systems: {}, sites: {}, applications: {} };
const good = file('good.json', nothing);
const bad = file('bad.json', { ...nothing, sites: { 'edge/one': {} }, users: { 'ue-1': { address: '10.50.0.999' } } });
const secret = 's'.repeat(32);

const message = (read: () => unknown): string => {
  try {
    read();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('what a program is started with', () => {
  it('is a configuration file, and for a worker a secret', () => {
    expect(apiSettings({ FERRY_CONFIG: good }).configuration.sites).toEqual({});
    expect(workerSettings({ FERRY_CONFIG: good, FERRY_SECRET: secret }).secret).toBe(secret);
    expect(message(() => workerSettings({ FERRY_CONFIG: good }))).toMatch(/a worker needs FERRY_SECRET/);
    expect(message(() => workerSettings({ FERRY_CONFIG: good, FERRY_SECRET: '' }))).toMatch(/FERRY_SECRET/);
  });

  it('is no secret that is short, which is not repeated', () => {
    const told = message(() => workerSettings({ FERRY_CONFIG: good, FERRY_SECRET: 'hunter2' }));
    expect(told).toMatch(/at least 32 characters/);
    expect(told).not.toMatch('hunter2');
  });

  it.each([
    ['the API', apiSettings],
    ['a worker', workerSettings],
  ])('is told to %s with all its mistakes, those of the environment and of the file', (_, settings) => {
    const told = message(() => settings({ FERRY_CONFIG: bad, FERRY_PORT: 'many', FERRY_LOG_LEVEL: 'loud' }));
    for (const mistake of ['FERRY_PORT', 'FERRY_LOG_LEVEL', 'sites["edge/one"]', 'users["ue-1"].address'])
      expect(told).toMatch(mistake);
    expect(told.includes('FERRY_SECRET')).toBe(settings === workerSettings);
  });

  it('is a file that can be read', () => {
    expect(message(() => apiSettings({}))).toMatch(/FERRY_CONFIG/);
    expect(message(() => apiSettings({ FERRY_CONFIG: '/nowhere.json' }))).toMatch(/cannot read .*nowhere/);
  });
});
