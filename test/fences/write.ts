import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fences } from './oxlint.ts';

/** `npm run fences`: puts the table of rooms.ts into .oxlintrc.json, in place of what is there of it. */
const file = fileURLToPath(new URL('../../.oxlintrc.json', import.meta.url));
const rc = JSON.parse(readFileSync(file, 'utf8')) as { overrides: { rules: object }[] };
const others = rc.overrides.filter(({ rules }) => !('no-restricted-imports' in rules));
writeFileSync(file, `${JSON.stringify({ ...rc, overrides: [...fences(), ...others] }, null, 2)}\n`);
