import { type PlayedPeer, playedPeer, type Reply } from './played-peer.ts';

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
  readonly peer: PlayedPeer;
  readonly orders: PlayedOrder[];
  /** What happens to the next order, and from then on: its states, one for each look at it, the last one staying. */
  states: string[];
  notes: string[];
  /** What is answered to a POST that was carried out. */
  answers: (order: PlayedOrder) => Reply;
  /** Called once for each order that is completed. */
  carriesOut: (order: PlayedOrder) => void;
}

const path = '/tmf-api/serviceOrdering/v4/serviceOrder';

/** An OSS that lists in pages of `offset` and `limit`, unless `ignoresPaging`. */
export async function playedOss({ ignoresPaging = false } = {}): Promise<PlayedOss> {
  const orders: PlayedOrder[] = [];
  const left = new Map<string, string[]>();
  const peer = await playedPeer(({ method, path: asked, json }) => {
    const url = new URL(asked, 'http://oss');
    if (method === 'POST') return placed(json as PlayedOrder);
    if (url.pathname === path) {
      const offset = Number(url.searchParams.get('offset') ?? 0);
      const limit = Number(url.searchParams.get('limit') ?? 1_000);
      return { status: 200, json: ignoresPaging ? orders : orders.slice(offset, offset + limit) };
    }
    const order = orders.find(({ id }) => `${path}/${id}` === url.pathname);
    if (order === undefined) return { status: 404 };
    advance(order);
    return { status: 200, json: order };
  });
  const oss: PlayedOss = {
    peer,
    orders,
    states: ['INPROGRESS', 'COMPLETED'],
    notes: [],
    answers: (order) => ({ status: 201, json: order, headers: { location: `${path}/${order.id}` } }),
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
    return oss.answers(order);
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
