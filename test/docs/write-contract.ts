import { writeFileSync } from 'node:fs';
import { checkAppPicture } from './check-app-picture.ts';
import { contractDocument } from './contract-document.ts';

/** `npm run contract`: what the pages show of the contract that is made from it. */
writeFileSync(
  new URL('../../docs/application-contract.openapi.json', import.meta.url),
  `${JSON.stringify(contractDocument(), null, 2)}\n`,
);
writeFileSync(new URL('../../docs/images/check-app.svg', import.meta.url), await checkAppPicture());
