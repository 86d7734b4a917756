import { createServer, type Server } from 'node:http';
import { offer } from './platform.ts';

/** How often it looks whether its platform still knows it. */
const LOOK_MS = 1_000;
export const BASE = '/speech/v1';

export interface Speech {
  readonly state: () => { readonly said: number };
}

/** The application `speech`: says texts, and offers that as a service of its platform. */
export async function startSpeech(address: string, port: number, platform: string): Promise<Speech> {
  let said = 0;
  const server: Server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://speech');
    if (pathname !== `${BASE}/say`) {
      res.writeHead(404, { 'content-type': 'application/json' }).end('{"title": "there is nothing to say"}');
      return;
    }
    said += 1;
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ n: said, text: searchParams.get('text') ?? '' }));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, address, resolve));
  const uri = `http://${address}:${port}${BASE}`;
  const look = async (): Promise<void> => {
    await offer(platform, 'speech', 'speech', uri).catch(() => undefined); // its platform is not there yet
    setTimeout(() => void look(), LOOK_MS);
  };
  void look();
  return { state: () => ({ said }) };
}
