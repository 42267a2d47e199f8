import { type Lease, leaseFrom, type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";

const HASH_KEYS = 2n ** 128n;

/** What a fleet in memory is like. */
export interface FleetShape {
  readonly shards: number;
  readonly workers?: number;
  /** Of the Java KCL: they write no `kcOwner`. */
  readonly kcl?: boolean;
  readonly isPaused?: boolean;
  readonly lagMs?: (index: number) => number;
  readonly mode?: string;
}

/** A fleet whose workers renew as live ones do, without any process: for states that take long to bring about. */
export interface MemoryFleetOfShards extends Disposable {
  readonly table: LeaseTable;
  readonly rows: Map<string, Lease>;
}

export const idOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

export const ownerOf = (worker: number): string =>
  `host-${"abcdefgh"[worker] ?? "z"}:${String(worker + 1).repeat(4)}3f1c-90aa-4c1e-8d2f-${String(worker).repeat(12)}`;

export function fleetOf(shape: FleetShape): MemoryFleetOfShards {
  const { shards, workers = 2, kcl = false, isPaused = false, mode } = shape;
  const { lagMs = (index) => 1_500 + ((index * 7919) % 9) * 700 } = shape;
  const leases = memoryLeases();
  const startMs = Date.now();
  const write = (): void => {
    const nowMs = Date.now();
    for (let index = 0; index < shards; index += 1) {
      const leaseKey = idOf(index);
      const owner = workers === 0 ? undefined : ownerOf(index % workers);
      const before = leases.rows.get(leaseKey);
      const from = (HASH_KEYS * BigInt(index)) / BigInt(shards);
      const to = (HASH_KEYS * BigInt(index + 1)) / BigInt(shards) - 1n;
      const isOpen = before?.pausedMs === undefined;
      leases.rows.set(leaseKey, {
        ...(before ?? {
          ...leaseFrom({
            leaseKey,
            checkpoint: "TRIM_HORIZON",
            parentShardIds: [],
            hashKeyRange: { startingHashKey: String(from), endingHashKey: String(to) },
          }),
          owner,
          protocolOwner: kcl ? undefined : owner,
          stream: {
            streamArn: "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks",
            createdMs: startMs,
          },
          ...(isPaused
            ? { pausedMs: nowMs - 372_000, pausedBy: "ops@host-c", pauseDoneMs: nowMs - 371_000 }
            : {}),
        }),
        counter: (before?.counter ?? 40) + (owner === undefined ? 0 : 1),
        checkpoint: {
          sequenceNumber: `4967${String(nowMs).padStart(46, "0")}${String(100_000 + index * 37).slice(-6)}`,
          subSequenceNumber: index % 4,
        },
        ...(kcl || !(isOpen || before === undefined)
          ? {}
          : { readThroughMs: nowMs - (isPaused && before === undefined ? 372_000 : lagMs(index)) }),
      });
    }
  };
  write();
  const timer = setInterval(write, 700);
  const table = leases.connect();
  return {
    table: mode === undefined ? table : { ...table, fleetMode: async () => mode },
    rows: leases.rows,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
