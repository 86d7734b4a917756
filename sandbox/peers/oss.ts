import { randomUUID } from 'node:crypto';
import { type Request, Router } from 'express';
import { z } from 'zod';
import type { Faults } from '../faults.ts';
import type { PeerPlan } from '../peer.ts';
import { found, Refused } from '../problem.ts';
import { CloudOrders, Item, Unfulfilled } from './oss-cloud.ts';

const COLLECTION = '/tmf-api/serviceOrdering/v4/serviceOrder';

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

/** The OSS: TMF 641 service ordering v4, as OpenSlice serves it. Fulfils orders at the cloud. */
export function ossPeer(net: number, faults: Faults): PeerPlan {
  const cloud = new CloudOrders(`http://127.${net}.4.1:8080`);
  const orders = new Map<string, Order>();
  const isFinal = (id: string): boolean => FINAL.some((state) => state === orders.get(id)?.state);

  function change(id: string, members: Partial<Order>): void {
    const order = orders.get(id);
    if (order !== undefined) orders.set(id, { ...order, ...members });
  }

  function end(id: string, state: State, members: Partial<Order> = {}): void {
    if (!isFinal(id)) change(id, { ...members, state, completionDate: new Date().toISOString() }); // else cancelled
  }

  /** Item by item; the first one that cannot be fulfilled ends the order. */
  async function perform({ id, externalId, orderItem, note }: Order): Promise<void> {
    const items = orderItem.map((item) => ({ ...item, state: 'INPROGRESS' }));
    change(id, { state: 'INPROGRESS', orderItem: items });
    for (const [n, item] of orderItem.entries()) {
      try {
        items[n] = { ...(await cloud.fulfil(item, externalId ?? id)), state: 'COMPLETED' };
      } catch (error) {
        const state = error instanceof Unfulfilled ? error.state : 'FAILED';
        items[n] = { ...item, state };
        const told = { text: (error as Error).message, author: 'oss', date: new Date().toISOString() };
        return end(id, n > 0 ? 'PARTIAL' : state, { orderItem: items, note: [...note, told] });
      }
    }
    end(id, 'COMPLETED', { orderItem: items });
  }

  const routes = Router();

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
    else void perform(order);
    res.status(201).location(order.href).json(order);
  });
  routes.get(COLLECTION, (req, res) => {
    const page = z.object({
      offset: z.coerce.number().int().nonnegative().default(0),
      limit: z.coerce.number().int().positive().optional(),
    });
    const { offset, limit } = page.parse(req.query);
    res.setHeader('X-Total-Count', orders.size);
    res.json([...orders.values()].slice(offset, limit === undefined ? undefined : offset + limit));
  });
  routes.get(`${COLLECTION}/:id`, (req: ById, res) => {
    res.json(named(req));
  });
  routes.patch(`${COLLECTION}/:id`, (req: ById, res) => {
    const { state, description, note } = OrderUpdate.parse(req.body);
    const order = named(req);
    if (state !== undefined && isFinal(order.id)) throw new Refused(409, `the order is ${order.state}`);
    if (description !== undefined) change(order.id, { description });
    if (note !== undefined) change(order.id, { note: [...order.note, ...note] });
    if (state !== undefined) end(order.id, state);
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
