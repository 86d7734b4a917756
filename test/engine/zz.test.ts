import { it } from 'vitest';
import { temporalCli } from '../../servers/obtain.ts';
import { Consuming } from '../support/consuming.ts';
import { Engine } from '../support/engine.ts';
it('shows', async () => {
  const engine = await Engine.start(await temporalCli());
  const world = await Consuming.set(engine);
  await world.over(async ({ consume }) => {
    console.log(JSON.stringify(await (await consume()).result(), null, 1));
  });
  console.log(
    world.partner.server.heard.map(({ method, path }) => `${method} ${path}`),
    world.ours.heard.map(({ method, path }) => `${method} ${path}`),
  );
  await world.strike();
  await engine.stop();
});
