import { kinesisEmitter, type SourcePosition } from "@kinesis-connectors/kinesis";
import { type DestinationParts, entryOf, type SimDestination, driving } from "./destination.js";
import { nameOf } from "../checks/ledger.js";
import { KeyOrder } from "../checks/key-order.js";
import type { Line } from "../payload.js";
import { SeededRandom } from "../world/random.js";
import { type Output, REQUEST_TIMEOUT_MS } from "../sim-pipeline.js";
import { type SimShard, SimStream, type StoredRecord, userRecordsOf } from "../services/sim-stream.js";
import { SimTargetStream } from "../services/puts/sim-target-stream.js";

const NEVER_MS = 24 * 3_600_000;

/**
 * Records put into another stream. Each has to be there at least once, with its own position of the source, and the records of a
 * partition key in order: a record comes for the first time only after all that stand before it. What comes again is counted.
 */
export function kinesisDestination(parts: DestinationParts): SimDestination {
  const { scenario, scheduler, landings, report } = parts;
  const random = new SeededRandom(scenario.seed, 21);
  const isAggregated = scenario.variant % 2 === 1;
  const order = new KeyOrder(report);
  let storedCount = 0;

  const arrived = (data: Uint8Array): void => {
    const line: Line & { readonly source: SourcePosition } = JSON.parse(Buffer.from(data).toString("utf8"));
    const { n, at, key, source } = line;
    const entry = entryOf(parts, line, "the target");
    if (entry === undefined) return;
    if (source.stream !== "sim" || source.shardId !== entry.shardId || nameOf(source) !== at)
      report({ rule: "I9", what: `${at} is put as if it came from ${source.shardId} ${nameOf(source)}` });
    order.arrived(key, entry, n);
    landings.land(entry, n, false, "the target stream");
    storedCount += 1;
  };

  const stream = new SimStream({
    shards: random.between(1, 3),
    retentionMs: NEVER_MS,
    firstSequence: 1_000,
    listener: {
      // A reader takes an aggregate apart, and drops it whole where the shard does not own all of it.
      put: (shard: SimShard, record: StoredRecord) => userRecordsOf(shard, record).data.forEach(arrived),
      opened: () => undefined,
      trimmed: () => undefined,
    },
  });
  for (let left = scenario.mayReshard ? random.between(0, 2) : 0; left > 0; left -= 1)
    scheduler.after(random.between(0, scenario.stormMs), undefined, () => {
      const shard = random.pick(stream.openShards);
      if (random.chance(0.5)) stream.split(shard, scheduler.nowMs);
      else stream.merge(shard, scheduler.nowMs);
    });
  const target = new SimTargetStream({
    stream,
    scheduler,
    network: parts.network,
    random: parts.random,
    temper: { refused: scenario.faultRate },
    broken: parts.brokenPut,
  });

  return {
    drive: driving(parts, (process) =>
      kinesisEmitter<Output>({
        client: target.clientOf(process),
        stream: "target",
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        partitionKey: ({ key }) => key,
        positionField: "source",
        aggregate: isAggregated ? { maxBytes: 400 } : false,
        ...(parts.isUnguarded ? { ordering: "none", aggregate: false } : {}),
      }),
    ),
    calm: () => {
      target.temper.refused = 0;
    },
    storedCount: () => storedCount,
    reorderedCount: () => order.reordered,
  };
}
