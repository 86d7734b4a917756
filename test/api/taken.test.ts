import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type StreamEvent, Streams } from '../../api/northbound/stream.ts';
import { close, serverOf } from '../../doors/server.ts';
import { nowhere, Served } from '../support/api.ts';
import { busy } from '../support/busy.ts';
import { eventually } from '../support/eventually.ts';

const SHORT_MS = 300;
const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** Asks, and reads nothing. */
const deaf = (url: string, ask: string): Socket => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  sockets.push(socket);
  socket.pause().write(ask);
  return socket;
};

describe('nobody keeps an answer that he does not take,', () => {
  it('of the inner listener', async () => {
    const temporal = nowhere();
    const api = await Served.start({ temporal, takenMs: SHORT_MS });
    try {
      deaf(api.url, `GET /openapi.json HTTP/1.1\r\nHost: ${new URL(api.url).host}\r\n\r\n`.repeat(400));
      await eventually(async () => (await api.connections()) === 1);
      await eventually(async () => (await api.connections()) === 0);
      expect(await api.connections()).toBe(0);
    } finally {
      await api.stop();
      await temporal.connection.close();
    }
  });

  it('nor a stream, which goes on for whoever reads', async () => {
    const stopping = new AbortController();
    const streams = new Streams(stopping.signal, pino({ level: 'silent' }), SHORT_MS * busy());
    let ended = 0;
    async function* endless(signal: AbortSignal, room: () => Promise<void>): AsyncGenerator<StreamEvent> {
      try {
        for (let n = 0; !signal.aborted; n += 1) {
          yield { event: 'told', id: `${n}`, data: 'x'.repeat(1_000_000) };
          await room();
          await pause(50);
        }
      } finally {
        ended += 1;
      }
    }
    const served = express().get('/', async (req, res) => await streams.tell(req, res, endless));
    const server = serverOf(served);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    try {
      const reader = await fetch(url);
      const events = reader.body?.getReader();
      deaf(url, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      const deafIsCut = async (): Promise<boolean> => {
        expect((await events?.read())?.done).toBe(false);
        return ended > 0;
      };
      await eventually(deafIsCut);
      expect(ended).toBe(1);
      expect((await events?.read())?.done).toBe(false);
      await events?.cancel();
      await eventually(async () => ended === 2);
    } finally {
      stopping.abort();
      await close(server, 1_000);
    }
  });
});
