import { shardId, type Shards } from "../rig/shards.js";
import type { LeaseRows, LeaseSeen, Row } from "../rig/lease-rows.js";
import type { Producer } from "../rig/producer.js";
import type { Rig } from "../rig/rig.js";
import type { WorkerSettings } from "../rig/worker-settings.js";
import { open, owns, shares } from "../scenarios/scenario.js";

/** A fleet of one kind, with a stream and a table of its own. */
export interface Fleet {
  /** Of its workers' names. */
  readonly prefix: string;
  readonly rows: LeaseRows;
  readonly producer: Producer;
  readonly shards: Shards;
  readonly start: (name: string, settings: WorkerSettings) => Promise<void>;
}

const NUMBER = /^\d+$/;

/** Brings a fleet into every situation that writes its rows, and gives all rows that were seen meanwhile. */
export async function situations(rig: Rig, fleet: Fleet): Promise<readonly Row[]> {
  const { prefix, producer, shards, start } = fleet;
  const [first, second, third] = [`${prefix}1`, `${prefix}2`, `${prefix}3`];
  const seen: Row[] = [];
  const until = async (what: string, holds: (leases: readonly LeaseSeen[]) => boolean): Promise<void> => {
    await rig.expect(
      `${prefix}: ${what}`,
      async (leases) => {
        seen.push(...(await fleet.rows.all()));
        return holds(leases);
      },
      { rows: fleet.rows },
    );
  };
  const checkpoints = (leases: readonly LeaseSeen[]): readonly string[] =>
    open(leases).map(({ checkpoint }) => checkpoint);

  await start(first, {});
  await until("a first worker makes the table and owns both shards", owns(2, first));
  await until("it renews", (leases) => leases.every(({ counter }) => counter >= 3));
  producer.put(20);
  await until("checkpoints are numbers", (leases) => checkpoints(leases).every((text) => NUMBER.test(text)));
  producer.putAggregate(`${prefix}-a`, 5);
  await until("one is inside of an aggregate", (leases) => leases.some(({ sub }) => sub > 0));

  rig.kill(first);
  await start(second, { plan: true, maxRecords: 2, checkpoint: "prepare" });
  await until("a second worker takes the shards of a dead one", owns(2, second));
  producer.putAggregate(`${prefix}-b`, 4);
  producer.put(8);
  await rig.drained(producer);

  await start(third, { checkpoint: "middle" });
  await until("a third one takes its share", shares(2, second, third));
  producer.putAggregate(`${prefix}-c`, 4);
  producer.putAggregate(`${prefix}-d`, 4);
  producer.put(8);
  await rig.drained(producer);

  shards.split(0);
  await until("a shard is read to its end, and its children are owned", owns(3, second, third));
  producer.put(40);
  await until("its children are read, and its row is gone", (leases) =>
    leases.every(({ shard, checkpoint }) => shard !== shardId(0) && NUMBER.test(checkpoint)),
  );
  shards.merge(2, 3);
  await until("two shards are read to their ends, and their child is owned", owns(2, second, third));
  producer.put(40);
  await until("their rows are gone", (leases) => leases.length === 2);

  await rig.stop(third);
  await until("one worker is left", owns(2, second));
  await rig.stop(second);
  return seen;
}
