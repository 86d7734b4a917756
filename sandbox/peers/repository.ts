import { Router } from 'express';
import { sha256 } from '../packages.ts';
import type { PeerPlan } from '../peer.ts';
import { found, Refused } from '../problem.ts';

/** The provider's package repository: `/packages/<file>`. Its provider puts archives there; everyone may fetch them. */
export function repositoryPeer(net: number): PeerPlan {
  const archives = new Map<string, Buffer>();
  const routes = Router();

  routes.get('/packages/:file', (req, res) => {
    res.type('application/zip').send(found(archives.get(req.params.file), req.params.file));
  });
  routes.put('/packages/:file', (req, res) => {
    if (!Buffer.isBuffer(req.body)) throw new Refused(415, 'an archive is application/zip');
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
