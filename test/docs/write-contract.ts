import { writeFileSync } from 'node:fs';
import { contractDocument } from './contract-document.ts';

/** `npm run contract` */
writeFileSync(
  new URL('../../docs/application-contract.openapi.json', import.meta.url),
  `${JSON.stringify(contractDocument(), null, 2)}\n`,
);
