// The connector of somebody who installed three packages: what is in the stream, as objects in a bucket. Ends when it has handled as many records as RECORDS says.
import { setTimeout as wait } from "node:timers/promises";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json, KinesisConnectorError } from "@kinesis-connectors/core";
import { gzip, ndjson, s3Emitter } from "@kinesis-connectors/s3";

const pipeline = definePipeline({
  transformer: json(),
  filter: ({ id }) => id % 2 === 0,
  buffer: { maxRecords: 100, maxAgeMs: 500 },
  emitter: s3Emitter({ bucket: "archive", prefix: "clicks", format: ndjson(), compression: gzip() }),
});
const connector = await startConnector({ application: "a-user", stream: "clicks", pipeline });
const handled = () => {
  const { recordsEmitted, recordsFiltered, deadLetters } = connector.progress();
  return recordsEmitted + recordsFiltered + deadLetters;
};
for (let tries = 0; tries < 600 && handled() < Number(process.env.RECORDS); tries += 1) await wait(200);
await connector.stop();
// The packages are of one copy of the core: an error of one is known to the other.
const refused = await startConnector({ application: "", stream: "clicks", pipeline }).catch((error) => error);
if (!(refused instanceof KinesisConnectorError))
  throw new Error(`not of the core that is imported: ${refused}`);
const { version: node, versions } = process;
process.stdout.write(`delivered on ${versions.bun ?? versions.deno ?? node}\n`);
