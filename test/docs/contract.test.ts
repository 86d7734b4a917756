import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contractContext } from '../../adapters/application/context.ts';
import { base } from '../../protocols/application/contract.ts';
import { calls, contractDocument, relocation } from './contract-document.ts';

const file = new URL('../../docs/application-contract.openapi.json', import.meta.url);
const page = readFileSync(new URL('../../docs/application-contract.md', import.meta.url), 'utf8');

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: Content }>>>>;
  readonly components: { readonly schemas: object };
}
interface Content {
  readonly content: { readonly 'application/json': { readonly schema: { readonly $ref: string } } };
}
const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
const nameOf = (call: string): string => call.split(' ')[1] ?? '';

describe('docs/application-contract.openapi.json', () => {
  it('is what the schemas say that Ferry asks and reads with: npm run contract', () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(contractDocument())));
  });

  it.each(Object.entries(calls))('has examples of %s that Ferry would send and take', (_, { order, answer }) => {
    const told = [order, answer].filter((one) => one != null);
    expect(told.map(({ schema, example }) => schema.safeParse(example).error)).toEqual(told.map(() => undefined));
  });

  it('knows the calls, and the refusals of each, that the page tells', () => {
    const rows = [...page.matchAll(/^\| `(GET|POST) \/(\w+)[^`]*`.*$/gm)];
    expect(rows.map(([, method = '', name]) => `${method.toLowerCase()} ${name}`).toSorted()).toEqual(
      Object.keys(calls).toSorted(),
    );
    for (const [row, method = '', name] of rows) {
      const { refusals = [], silent } = calls[`${method.toLowerCase()} ${name}`] ?? {};
      const told = new Set([...row.matchAll(/"([A-Z]\w+)"/g)].map(([, type]) => type));
      expect([name, told]).toEqual([name, new Set([...refusals, ...(silent ? ['TargetSilent'] : [])])]);
    }
  });
});

describe('what Ferry asks of an instance', () => {
  const asked: { name: string; body: unknown }[] = [];
  let server: Server;
  beforeAll(async () => {
    server = createServer((req, res) => {
      let text = '';
      req.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      req.on('end', () => {
        const name = new URL(req.url ?? '/', 'http://instance').pathname.slice(base.length + 1);
        asked.push({ name, body: text === '' ? null : JSON.parse(text) });
        const call = Object.entries(calls).find(([one]) => nameOf(one) === name);
        const answer = call?.[1].answer;
        res.writeHead(answer ? 200 : 204, { 'content-type': 'application/json' });
        res.end(answer ? JSON.stringify(answer.example) : undefined);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  it('is asked as the document says, call by call', async () => {
    const { port } = server.address() as AddressInfo;
    const context = contractContext({ name: 'notes at a1', managementPort: port }, pino({ level: 'silent' }));
    const at = { host: '127.0.0.1', port: 7000 };
    const [signal, users] = [AbortSignal.timeout(10_000), '*'];
    await context.state(at, users, signal);
    await context.promise(at, { relocation, users, target: null }, signal);
    await context.promise(at, { relocation, users, target: at }, signal);
    await context.standBy(at, { relocation, users, source: at, epoch: 3 }, signal);
    await context.handOver(at, { relocation, target: at }, signal);
    for (const retired of [false, true]) await context.settle(at, { relocation, users, retired }, signal);
    await context.retire(at, { relocation, users }, signal);
    const elsewhere = [{ user: 'u', epoch: 2, to: at }];
    for (const to of [at, null]) await context.supersede(at, { relocation, users, epoch: 9, to, elsewhere }, signal);
    expect(new Set(asked.map(({ name }) => name))).toEqual(new Set(Object.keys(calls).map(nameOf)));

    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'contract', components: document.components });
    for (const { name, body } of asked.filter((one) => one.body !== null)) {
      const { $ref } = document.paths[`${base}/${name}`]?.['post']?.requestBody?.content['application/json'].schema ?? {
        $ref: '',
      };
      const valid = ajv.validate({ $ref: `contract${$ref}` }, body);
      expect([name, valid, ajv.errorsText()]).toEqual([name, true, 'No errors']);
    }
  });
});
