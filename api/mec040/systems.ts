import type { Request } from 'express';
import { z } from 'zod';
import { change, type Member, memberOf, membersListed, register, withdraw } from '../../catalogue/systems.ts';
import { MARKER, type SystemInfo, systemInfos, wantedIn } from '../../protocols/mec040/members.ts';
import { parse } from '../input.ts';
import { HttpRefusal } from '../problem.ts';
import type { Handlers } from '../serve.ts';
import type { Asking } from './asking.ts';
import type { Mec040Table } from './table.ts';

const PAGE = 500;

type Names = 'listSystems' | 'registerSystem' | 'showSystem' | 'changeSystem' | 'withdrawSystem';

export const systemHandlers = (asking: Asking): Handlers<Mec040Table, Names> => {
  const { catalogue, federation, sight, systemOf, changed } = asking;
  return {
    listSystems: async ({ query, req, res }) => {
      const wanted = wantedIn(query);
      const after = parse(Marked, query, 'query')[MARKER];
      const { members, next } = await membersListed(catalogue, await sight(), { wanted, after, limit: PAGE });
      if (members.length === 0 && after === undefined && Object.keys(wanted).length > 0)
        throw new HttpRefusal(404, 'no system of the federation is as asked for', 'Ask without a query for all.');
      if (next !== null) res.set('link', `<${pageAfter(req, next)}>; rel="next"`);
      res.json(members.map(told));
    },

    registerSystem: async ({ body: { systemName: name, systemProvider: provider }, req, res }) => {
      const registration = { ...systemOf(res), name, provider, operator: federation.operator.id };
      const member = await register(catalogue, registration);
      if (typeof member === 'string') throw refused(member, name, registration.client);
      changed();
      res.status(201).location(`${req.baseUrl}${systemInfos}/${member.id}`).json(told(member));
    },

    showSystem: async ({ params: { id }, res }) => {
      const member = await memberOf(catalogue, await sight(), id);
      if (member === undefined) throw unknown();
      res.json(told(member));
    },

    changeSystem: async ({ params: { id }, body: { systemName: name, endpoint }, res }) => {
      const { client } = systemOf(res);
      const member = await change(catalogue, await sight(), { id, client, name, endpoint });
      if (typeof member === 'string') throw refused(member, name ?? '', client);
      changed();
      res.json(told(member));
    },

    withdrawSystem: async ({ params: { id }, res }) => {
      const { client } = systemOf(res);
      const outcome = await withdraw(catalogue, await sight(), { id, client });
      if (outcome !== 'gone') throw refused(outcome, '', client);
      changed();
      res.status(204).end();
    },
  };
};

const Marked = z.looseObject({ [MARKER]: z.uuid('is not from a Link of this list').optional() });

const told = ({ id, name, provider }: Member): SystemInfo => ({
  systemId: id,
  systemName: name,
  systemProvider: provider,
});

/** What was asked, and where the next page begins. */
function pageAfter(req: Request, marker: string): string {
  const asked = Object.entries(req.query as Record<string, string | string[]>);
  const query = new URLSearchParams(
    asked.flatMap(([name, value]) => [value].flat().map((text): [string, string] => [name, text])),
  );
  query.set(MARKER, marker);
  return `${req.baseUrl}${req.path}?${query.toString()}`;
}

const unknown = (): HttpRefusal =>
  new HttpRefusal(404, 'the federation has no such system', 'List the systems to find it, or register yours again.');

function refused(why: 'unknown' | 'foreign' | 'taken' | 'registered', name: string, client: string): HttpRefusal {
  if (why === 'unknown') return unknown();
  if (why === 'foreign')
    return new HttpRefusal(
      403,
      `the system is not one that ${client} has registered`,
      'Only the client that has registered a system changes it.',
    );
  if (why === 'taken')
    return new HttpRefusal(
      400,
      `a system ${name} of this provider is registered already`,
      'Find it by systemName and systemProvider: it is yours where the answer to your registration was lost.',
    );
  return new HttpRefusal(
    400,
    `${client} has registered its system already, by another name`,
    'Change that one, or delete it first.',
  );
}
