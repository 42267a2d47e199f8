import { bytes, definePipeline } from "@kinesis-connectors/core";
import { polling, startConnector } from "@kinesis-connectors/consumer";
import { raw, s3Emitter } from "@kinesis-connectors/s3";
import type { ManyShardsSetup, ManyShardsStats } from "./many-shards-protocol.js";

/** One of the workers that share very many shards. Answers its parent's question with what it has used so far. */
const setup = JSON.parse(process.argv[2] ?? "") as ManyShardsSetup;
const { stream, bucket, application, endpoints, s3, failoverTimeMs, idlePollMs } = setup;

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const connector = await startConnector({
  application,
  stream,
  endpoints,
  region: s3.region,
  credentials: s3.credentials,
  retrieval: polling({ idlePollMs }),
  leases: { failoverTimeMs, maxLeasesToSteal: 50 },
  pipeline: definePipeline({
    transformer: bytes(),
    buffer: { maxRecords: 1_000, maxAgeMs: 2_000 },
    emitter: s3Emitter<Uint8Array>({ ...s3, bucket, format: raw({ separator: "\n" }) }),
  }),
  signal: stop.signal,
});

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const { recordsEmitted, shards } = connector.progress();
  const stats: ManyShardsStats = {
    shards: shards.filter((shard) => shard.state === "reading").length,
    recordsEmitted,
    cpuSeconds: (user + system) / 1e6,
    rssMiB: process.memoryUsage.rss() / 1024 / 1024,
  };
  process.send?.(stats);
});

await connector.done;
process.disconnect?.();
