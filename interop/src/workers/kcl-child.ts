// A child of the MultiLangDaemon: archives what the daemon hands over, and tells in a file what happens to its shard. The daemon starts one for each shard.
import { definePipeline, json } from "@kinesis-connectors/core";
import { runKclChild } from "@kinesis-connectors/kcl";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { appendFileSync } from "node:fs";
import type { ArchivedRecord, PutRecord } from "../daemon/records.js";

const [application = "", stream = "", bucket = "", told = ""] = process.argv.slice(2);

function tell(type: string, more: object = {}): void {
  appendFileSync(told, `${JSON.stringify({ t: Date.now(), pid: process.pid, type, ...more })}\n`);
}

await runKclChild({
  application,
  stream,
  pipeline: definePipeline({
    transformer: json<PutRecord>().to(({ id }, record): ArchivedRecord => {
      const { sequenceNumber, subSequenceNumber } = record;
      return { id, sequenceNumber, subSequenceNumber };
    }),
    // Small batches, so that one is under way whenever the daemon is killed.
    buffer: { maxRecords: 40, maxAgeMs: 700 },
    emitter: s3Emitter({ bucket, format: ndjson(), forcePathStyle: true }),
  }),
  stopDeadlineMs: 10_000,
  logger: console,
  observe: (event) => {
    if (event.type === "shard-start") tell(event.type, { shard: event.shardId, inherited: event.inherited });
    else if (event.type === "shard-end" || event.type === "shard-stop")
      tell(event.type, { shard: event.shardId, ...("reason" in event ? { reason: event.reason } : {}) });
  },
});
tell("over");
