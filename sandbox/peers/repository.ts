import { Router } from 'express';
import { sha256 } from '../packages.ts';
import type { PeerPlan } from '../peer.ts';
import { problem } from '../problem.ts';

/** The provider's package repository: `/packages/<file>`. Its provider puts archives there; everyone may fetch them. */
export function repositoryPeer(net: number): PeerPlan {
  const archives = new Map<string, Buffer>();
  const routes = Router();

  routes.get('/packages/:file', (req, res) => {
    const archive = archives.get(req.params.file);
    if (archive === undefined) return problem(res, 404, `no ${req.params.file} here`);
    res.type('application/zip').send(archive);
  });
  routes.put('/packages/:file', (req, res) => {
    if (!Buffer.isBuffer(req.body)) return problem(res, 415, 'an archive is application/zip');
    archives.set(req.params.file, req.body);
    res.status(204).end();
  });

  return {
    name: 'repository',
    address: `127.${net}.1.9`,
    routes,
    state: () =>
      [...archives]
        .map(([file, archive]) => ({ file, checksum: sha256(archive) }))
        .toSorted((a, b) => a.file.localeCompare(b.file)),
  };
}
