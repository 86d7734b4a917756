import { parseArgs } from 'node:util';
import { Router } from 'express';
import { z } from 'zod';
import { Faults } from '../faults.ts';
import { Journal } from '../journal.ts';
import { servePeer } from '../peer.ts';
import { Navigation } from './navigation.ts';
import { startSpeech } from './speech.ts';

/** Two applications of two operators: `speech` at b1, and `navigation` at a2, which uses it. Ends when its parent's pipe closes. */
const { values } = parseArgs({ options: { net: { type: 'string', default: '10' } } });
const at = (rest: string): string => `127.${values.net}.${rest}`;
/** Of the hosts' ranges, behind those that hosts give away. */
const [SPEECH, NAVIGATION] = [at('62.252'), at('22.252')];

const Order = z.strictObject({ perSecond: z.number().positive().max(200).default(20) });

process.stdin.resume().once('close', () => process.exit(0));
try {
  const speech = await startSpeech(SPEECH, 7_000, `http://${at('52.11')}:8080`);
  const navigation = new Navigation(`http://${at('2.12')}:8080`, NAVIGATION);
  const routes = Router();
  const state = () => ({ navigation: navigation.state(), speech: speech.state() });
  routes.get('/state', (_req, res) => void res.json(state()));
  routes.post('/navigation', (req, res) => {
    navigation.start(Order.parse(req.body ?? {}).perSecond);
    res.status(202).json(navigation.state());
  });
  routes.get('/navigation', (_req, res) => void res.json(navigation.state()));
  routes.delete('/navigation', (_req, res) => {
    navigation.stop();
    res.json(navigation.state());
  });
  const around = { journal: new Journal(), faults: new Faults() };
  const { url } = await servePeer({ name: 'assistant', address: at('0.6'), routes, state }, around);
  process.stdout.write(`assistant: ${url}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
