import { faultyServer, type FaultyServer, type Reply } from './faulty-server.ts';

interface Item {
  readonly action: string;
  readonly service: Readonly<Record<string, unknown>>;
}

export interface PlayedOrder {
  readonly id: string;
  readonly externalId?: string;
  readonly orderDate: string;
  readonly orderItem: readonly Item[];
  state: string;
  note?: readonly { readonly text: string }[];
}

export interface PlayedOss {
  readonly peer: FaultyServer;
  readonly orders: PlayedOrder[];
  /** What happens to the next order, and from then on: its states, one for each look at it, the last one staying. */
  states: string[];
  notes: string[];
  refusesPatch: boolean;
  /** Called once for each order that is completed. */
  carriesOut: (order: PlayedOrder) => void;
}

export const collection = '/tmf-api/serviceOrdering/v4/serviceOrder';

/**
 * An OSS that lists in pages of `offset` and `limit`, unless `ignoresPaging`. `externalId`: whether it can be asked for
 * a key, does not care, or refuses a query that it does not know.
 */
export async function playedOss({
  ignoresPaging = false,
  externalId = 'ignored',
  most = 1_000,
}: {
  readonly ignoresPaging?: boolean;
  readonly externalId?: 'ignored' | 'filtered' | 'refused';
  /** It gives no more than this at once. */
  readonly most?: number;
} = {}): Promise<PlayedOss> {
  const orders: PlayedOrder[] = [];
  const left = new Map<string, string[]>();
  const peer = await faultyServer(
    ({ method, path, query, json }) => {
      if (method === 'POST') return placed(json as unknown as PlayedOrder);
      if (path === collection) {
        const offset = Number(query.get('offset') ?? 0);
        const limit = Math.min(Number(query.get('limit') ?? 1_000), most);
        const key = query.get('externalId');
        if (key !== null && externalId === 'refused') return { status: 400, json: { title: 'unknown query' } };
        const asked =
          externalId === 'filtered' && key !== null ? orders.filter((each) => each.externalId === key) : orders;
        return { status: 200, json: ignoresPaging ? asked : asked.slice(offset, offset + limit) };
      }
      const order = orders.filter(Boolean).find(({ id }) => `${collection}/${id}` === path);
      if (order === undefined) return { status: 404 };
      if (method === 'PATCH' && oss.refusesPatch) return { status: 405 };
      if (method === 'PATCH') left.set(order.id, [String(json['state'])]);
      advance(order);
      return { status: 200, json: order };
    },
    { timeoutMs: 1_500 },
  );
  const oss: PlayedOss = {
    peer,
    orders,
    states: ['INPROGRESS', 'COMPLETED'],
    notes: [],
    refusesPatch: false,
    carriesOut: () => undefined,
  };

  function placed(asked: PlayedOrder): Reply {
    const id = String(orders.length + 1);
    const order: PlayedOrder = {
      ...asked,
      id,
      orderDate: `2030-01-01T00:00:${id.padStart(2, '0')}Z`,
      state: 'INITIAL',
    };
    orders.push(order);
    left.set(id, [...oss.states]);
    advance(order);
    return { status: 201, json: order, headers: { location: `${collection}/${order.id}` } };
  }

  function advance(order: PlayedOrder): void {
    const state = left.get(order.id)?.shift();
    if (state === undefined) return;
    order.state = state;
    if (oss.notes.length > 0) order.note = oss.notes.map((text) => ({ text }));
    if (state.toUpperCase() !== 'COMPLETED') return;
    const [item] = order.orderItem;
    if (item?.action === 'add') Object.assign(item.service, { id: order.externalId });
    oss.carriesOut(order);
  }

  return oss;
}
