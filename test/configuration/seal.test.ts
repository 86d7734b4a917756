import { describe, expect, it } from 'vitest';
import { sealWith } from '../../configuration/seal.ts';

const TEXT = '{"address":"10.2.1.7","name":"zähler"}';

describe('what a history keeps sealed', () => {
  it('is read again with the same secret, by whichever worker', () => {
    expect(sealWith('one').open(sealWith('one').close(TEXT))).toBe(TEXT);
  });

  it('tells nothing: not what it says, nor that it says the same twice', () => {
    const sealed = [sealWith('one').close(TEXT), sealWith('one').close(TEXT)];
    expect(sealed[0]).not.toBe(sealed[1]);
    for (const text of sealed) {
      expect(text).toMatch(/^f1\.[\w-]+$/);
      expect(Buffer.from(text.slice(3), 'base64url').toString()).not.toContain('10.2.1.7');
    }
  });

  it.each([
    ['closed with another secret', (sealed: string) => sealed, 'two'],
    [
      'changed in one character',
      (sealed: string) => `${sealed.slice(0, 40)}${sealed[40] === 'A' ? 'B' : 'A'}${sealed.slice(41)}`,
      'one',
    ],
    ['cut short', (sealed: string) => sealed.slice(0, 20), 'one'],
    ['of another version', (sealed: string) => `f2.${sealed.slice(3)}`, 'one'],
    ['not sealed at all', () => TEXT, 'one'],
  ])('is not opened when it was %s', (_, as, secret) => {
    const sealed = sealWith('one').close(TEXT);
    expect(() => sealWith(secret).open(as(sealed))).toThrow(Error);
  });
});
