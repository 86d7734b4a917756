import { randomUUID } from 'node:crypto';
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import { foreigners } from '../foreign/asked.ts';
import type { PeerPlan } from '../peer.ts';
import { found, Refused } from '../problem.ts';
import { CloudWork, Item, Unfulfilled } from './oss-cloud.ts';
import { relay } from './relay.ts';

const COLLECTION = '/tmf-api/serviceOrdering/v4/serviceOrder';

/** Who may ask over Mx1, by what they show. */
const CUSTOMERS: Readonly<Record<string, string>> = { 'Bearer the-cloud': 'cloud' };

const Note = z.looseObject({ text: z.string() });
const OrderCreate = z.looseObject({
  externalId: z.string().optional(),
  orderItem: z.array(Item).min(1),
  note: z.array(Note).default([]),
});
/** An order's externalId cannot be changed. */
const OrderUpdate = z.strictObject({
  state: z.string().toUpperCase().pipe(z.literal('CANCELLED')).optional(),
  description: z.string().optional(),
  note: z.array(Note).optional(),
});

const FINAL = ['COMPLETED', 'REJECTED', 'FAILED', 'PARTIAL', 'CANCELLED'] as const;
type State = 'ACKNOWLEDGED' | 'INPROGRESS' | (typeof FINAL)[number];
type ById = Request<{ id: string }>;
type Order = z.infer<typeof OrderCreate> & {
  readonly id: string;
  readonly href: string;
  readonly orderDate: string;
  readonly state: State;
  readonly completionDate?: string;
};

/**
 * The OSS: TMF 641 service ordering v4, as OpenSlice serves it. Fulfils orders at the cloud. What its customers ask (Mx1)
 * it passes on to Ferry, in the name of the one who asks.
 */
export function ossPeer(net: number, faults: Faults, ferry = 'http://127.0.0.1:8700'): PeerPlan {
  const cloud = `http://127.${net}.4.1:8080`;
  const orders = new Map<string, Order>();
  /** What is under way, and how to withdraw it. */
  const work = new Map<string, { readonly withdrawal: AbortController; readonly done: Promise<void> }>();
  const isFinal = (id: string): boolean => FINAL.some((state) => state === orders.get(id)?.state);

  function change(id: string, members: Partial<Order>): void {
    const order = orders.get(id);
    if (order !== undefined) orders.set(id, { ...order, ...members });
  }

  function end(id: string, state: State, members: Partial<Order> = {}): void {
    change(id, { ...members, state, completionDate: new Date().toISOString() });
  }

  /** Item by item; the first one that cannot be fulfilled ends the order. */
  async function perform({ id, externalId, orderItem, note }: Order, withdrawn: AbortSignal): Promise<void> {
    const items = orderItem.map((item) => ({ ...item, state: 'INPROGRESS' }));
    change(id, { state: 'INPROGRESS', orderItem: items });
    for (const [n, item] of orderItem.entries()) {
      try {
        items[n] = { ...(await new CloudWork(cloud, withdrawn).fulfil(item, externalId ?? id)), state: 'COMPLETED' };
      } catch (error) {
        if (withdrawn.aborted) return;
        const state = error instanceof Unfulfilled ? error.state : 'FAILED';
        items[n] = { ...item, state };
        const told = { text: (error as Error).message, author: 'oss', date: new Date().toISOString() };
        return end(id, n > 0 ? 'PARTIAL' : state, { orderItem: items, note: [...note, told] });
      }
    }
    end(id, 'COMPLETED', { orderItem: items });
  }

  function begin(order: Order): void {
    const withdrawal = new AbortController();
    const done = perform(order, withdrawal.signal).finally(() => work.delete(order.id));
    work.set(order.id, { withdrawal, done });
  }

  /** What is being asked of the cloud is awaited: nothing more comes of an order that is CANCELLED. */
  async function withdraw(id: string): Promise<void> {
    work.get(id)?.withdrawal.abort();
    await work.get(id)?.done;
    if (isFinal(id)) throw new Refused(409, `the order is ${orders.get(id)?.state}`);
    end(id, 'CANCELLED');
  }

  const routes = Router();

  routes.all('/mx1/v1/*rest', async (req, res) => {
    const customer = CUSTOMERS[req.get('authorization') ?? ''];
    if (customer === undefined) throw new Refused(401, 'this is no customer of ours');
    const rest = req.originalUrl.slice('/mx1/v1'.length);
    await relay(
      res,
      req.method,
      `${ferry}/mx1/v1/clouds/${customer}${rest}`,
      req.method === 'GET' ? undefined : req.body,
    );
  });

  routes.post(COLLECTION, (req, res) => {
    const id = randomUUID();
    const order: Order = {
      ...OrderCreate.parse(req.body),
      id,
      href: `${COLLECTION}/${id}`,
      orderDate: new Date().toISOString(),
      state: 'ACKNOWLEDGED',
    };
    orders.set(id, order);
    if (faults.acting(req, 'neverFinishes')) change(id, { state: 'INPROGRESS' });
    else if (faults.acting(req, 'noEffect')) end(id, 'COMPLETED');
    else begin(order);
    res.status(201).location(order.href).json(order);
  });
  routes.get(COLLECTION, (req, res) => {
    const page = z.object({
      offset: z.coerce.number().int().nonnegative().default(0),
      limit: z.coerce.number().int().positive().optional(),
    });
    const { offset, limit } = page.parse(req.query);
    const all = [...foreigners(res, 'orders', COLLECTION), ...orders.values()];
    res.setHeader('X-Total-Count', all.length);
    res.json(all.slice(offset, limit === undefined ? undefined : offset + limit));
  });
  routes.get(`${COLLECTION}/:id`, (req: ById, res) => {
    res.json(named(req));
  });
  routes.patch(`${COLLECTION}/:id`, async (req: ById, res) => {
    const { state, description, note } = OrderUpdate.parse(req.body);
    const order = named(req);
    if (state !== undefined) await withdraw(order.id);
    if (description !== undefined) change(order.id, { description });
    if (note !== undefined) change(order.id, { note: [...order.note, ...note] });
    res.json(orders.get(order.id));
  });

  const named = ({ params: { id } }: ById): Order => found(orders.get(id), `order ${id}`);

  return {
    name: 'oss',
    address: `127.${net}.1.1`,
    routes,
    state: () => ({
      orders: [...orders.values()].map(({ externalId, state, orderItem, note }) => ({
        externalId,
        state,
        orderItem,
        note: note.map(({ text }) => text),
      })),
    }),
  };
}
