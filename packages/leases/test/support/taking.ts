import type { Position } from "@kinesis-connectors/core";
import {
  type HeldShard,
  type Intercept,
  memoryLeases,
  type MemoryLeases,
  takeShard,
  type TakeShardOptions,
} from "../../src/index.js";
import { SeededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

/** A table in memory, under a clock that stands still, and drivers that take the shard `s0` of it. */
export interface World {
  readonly clock: VirtualClock;
  readonly leases: MemoryLeases;
  readonly warnings: string[];
  readonly take: (ownerId: string, more?: Partial<TakeShardOptions>) => Promise<HeldShard>;
}

export function createWorld(intercept?: Intercept): World {
  const clock = new VirtualClock();
  const leases = memoryLeases();
  const warnings: string[] = [];
  const quiet = (): void => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_: object, line: string) => void warnings.push(line),
  };
  return {
    clock,
    leases,
    warnings,
    take: async (ownerId, more = {}) =>
      await takeShard({
        table: leases.connect(intercept),
        application: "orders-to-s3",
        shardId: "s0",
        ownerId,
        initialPosition: { type: "trim-horizon" },
        clock,
        random: new SeededRandom(1),
        logger,
        ...more,
      }),
  };
}

export function at(number: number): Position {
  return { sequenceNumber: `${number}`, subSequenceNumber: 0 };
}
