import { expect, it } from 'vitest';
import { nowhere } from '../support/api.ts';

it('closes when the calls under way have ended, the pauses between their attempts included', async () => {
  const temporal = nowhere();
  const told: string[] = [];
  const ask = async () =>
    await temporal.workflow
      .getHandle('one')
      .describe()
      .catch(() => told.push('ended'));
  const asked = Promise.all([ask(), ask()]);
  await temporal.connection.close();
  told.push('closed');
  await asked;
  expect(told).toEqual(['ended', 'ended', 'closed']);
});
