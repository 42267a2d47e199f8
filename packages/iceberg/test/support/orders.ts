import {
  type Batch,
  type EmitContext,
  type Emitter,
  type EmitResult,
  systemRandom,
} from "@kinesis-connectors/core";
import { batchOfEntries, contextOf, deliver as deliverOnce, entryOf } from "@kinesis-connectors/testkit";
import { icebergEmitter, type IcebergEmitterOptions } from "../../src/index.js";
import type { Lake } from "./lake.js";

export interface Order {
  readonly id: number;
  readonly total: string;
}

/** What all emitters of orders are given. */
export const ORDER_COLUMNS = { id: { required: "int64" }, total: { decimal: [9, 2] } } as const;

export async function orderEmitter(
  lake: Lake,
  options: Partial<IcebergEmitterOptions> = {},
): Promise<ReturnType<typeof icebergEmitter<Order>>> {
  const made = icebergEmitter<Order>({
    catalog: lake.catalog,
    storage: lake.storage,
    table: "sales.orders",
    columns: ORDER_COLUMNS,
    createTable: true,
    ...options,
  });
  await opened(made);
  return made;
}

export async function opened<Made extends Pick<Emitter<never, never>, "open">>(made: Made): Promise<Made> {
  const { signal, logger } = contextOf(undefined);
  await made.open?.({ signal, logger });
  return made;
}

/** Ids of snapshots are random, and another batch must not have the same. */
export function deliver<Output, Plan>(
  made: Emitter<Output, Plan>,
  of: Batch<Output>,
  changes: Partial<EmitContext<Plan>> = {},
): Promise<EmitResult<Output>> {
  return deliverOnce(made, of, { random: systemRandom, ...changes });
}

export const order = (id: number): Order => ({ id, total: `${id}.50` });

/** Orders from one number up to, but without, another; the number is also their place in the shard. */
export function orders(from: number, until: number, changes: Partial<Batch<Order>> = {}): Batch<Order> {
  const entries = Array.from({ length: until - from }, (_, nth) => entryOf(from + nth, order(from + nth)));
  return batchOfEntries(entries, changes);
}

export async function idsIn(lake: Lake): Promise<readonly number[]> {
  return (await lake.rows()).map(({ id }) => Number(id)).toSorted((left, right) => left - right);
}

export const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, nth) => nth);
