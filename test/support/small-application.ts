import { packArchive } from '../../sandbox/packages.ts';
import { counterDescriptor } from '../../sandbox/provider.ts';

/** Answers `GET /` with its environment and its process id; ends soon after SIGTERM. */
const source = `
import { createServer } from 'node:http';
const { INSTANCE_ID, HOST, PORT, MANAGEMENT_PORT, GREETING } = process.env;
process.on('SIGTERM', () => setTimeout(() => process.exit(0), 200));
const server = createServer((req, res) => res.end(JSON.stringify({ INSTANCE_ID, MANAGEMENT_PORT, GREETING, pid: process.pid })));
server.listen(Number(PORT), HOST);
`;

export const descriptor = counterDescriptor(2);

export const archiveOf = (program: string): Buffer =>
  packArchive(descriptor, { 'Artifacts/app.mjs': Buffer.from(program) });

export const smallApplication = (): Buffer => archiveOf(source);
