import { createConnection } from "node:net";
import { connect as connectTls } from "node:tls";
import { readFileSync } from "node:fs";
import { iteratorOf } from "../servers/answers.js";
import { CERTIFICATE_FILE } from "../servers/canned-server.js";
import { dataPage, distinctPages, type SetName } from "../data/data-sets.js";
import { lines, parsed, payloads, transformed, transform } from "../data/expected.js";
import { endpointOf, type Job, type Variant } from "../rows/variant.js";

/** The bytes of answers read from a socket for each shard, and dropped: no reader can be faster. */
const raw: Variant = {
  name: "raw-socket",
  label: "raw sockets, CBOR bytes dropped",
  section: "limits",
  kind: "limit",
  unit: "record",
  sets: ["varied", "varied-10", "aggregated"],
  transports: ["clear"],
  run: async (job) => {
    const shards = Array.from({ length: job.set.shards }, (_, shard) => readBytes(job, shard));
    await Promise.all(shards);
  },
};

const rawOverTls: Variant = { ...raw, sets: ["varied"], transports: ["tls"] };

function readBytes(job: Job, shard: number): Promise<void> {
  const url = new URL(endpointOf(job));
  const target = { host: url.hostname, port: Number(url.port) };
  const socket =
    job.transport === "tls"
      ? connectTls({ ...target, ca: readFileSync(CERTIFICATE_FILE) })
      : createConnection(target);
  const body = `{"ShardIterator":"${iteratorOf(job.stream, shard)}"}`;
  const request = `POST / HTTP/1.1\r\nx-amz-target: Kinesis_20131202.GetRecords\r\ncontent-type: application/x-amz-cbor-1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  return new Promise<void>((resolve, reject) => {
    let missing = 0;
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.on("data", (chunk: Buffer) => {
      let { length } = chunk;
      if (missing === 0) {
        const headEnd = chunk.indexOf("\r\n\r\n");
        missing = Number(/content-length: (\d+)/.exec(chunk.toString("latin1", 0, headEnd))?.[1]);
        length -= headEnd + 4;
      }
      missing -= length;
      job.meter.touch(chunk);
      if (missing > 0) return;
      if (job.meter.page(job.set.userRecords.length)) socket.write(request);
      else socket.destroy();
    });
    socket.write(request);
  });
}

/** V8's floors: the records are in memory already, each page in one buffer, as many different ones as a shard gives. */
function floor(
  name: string,
  label: string,
  sets: readonly SetName[],
  expected: Variant["expected"],
  page: (records: readonly Buffer[], job: Job) => void,
): Variant {
  return {
    name,
    label,
    section: "limits",
    kind: "limit",
    unit: "record",
    sets,
    transports: ["memory"],
    ...(expected === undefined ? {} : { expected }),
    run: (job) => {
      const count = job.meter.isCollecting ? 1 : distinctPages(job.set.name);
      const pages = Array.from({ length: count }, (_, nth) =>
        inOneBuffer(dataPage(job.set.name, 0, nth).userRecords),
      );
      let given = 0;
      let goesOn = true;
      while (goesOn) {
        const records = pages[given % count] ?? [];
        page(records, job);
        given += 1;
        goesOn = job.meter.page(records.length);
      }
      return Promise.resolve();
    },
  };
}

function inOneBuffer(records: readonly Buffer[]): readonly Buffer[] {
  const all = Buffer.concat(records);
  let at = 0;
  return records.map((record) => all.subarray(at, (at += record.length)));
}

const parse = floor(
  "floor-parse",
  "V8: JSON.parse in memory",
  ["varied", "uniform"],
  payloads,
  (records, { meter }) => {
    for (const record of records) meter.touchValue(parsed(record));
  },
);

const parseStringify = floor(
  "floor-transform",
  "V8: parse, filter, map, stringify into one buffer",
  ["varied"],
  transformed,
  (records, { meter }) => {
    const page = pageFor(records);
    let length = 0;
    for (const record of records) {
      const order = parsed(record);
      if (order.status !== "paid" && order.status !== "open") continue;
      length += page.write(`${JSON.stringify(transform(order))}\n`, length);
    }
    meter.touch(page.subarray(0, length));
  },
);

const copy = floor(
  "floor-copy",
  "V8: bytes copied into one buffer as lines",
  ["varied"],
  lines,
  (records, { meter }) => {
    const page = pageFor(records);
    let length = 0;
    for (const record of records) {
      page.set(record, length);
      length += record.length;
      page[length] = 0x0a;
      length += 1;
    }
    meter.touch(page.subarray(0, length));
  },
);

/** Room for a page of lines: twice what comes in on average. */
function pageFor(records: readonly Buffer[]): Buffer {
  return Buffer.allocUnsafe(records.length * 400);
}

export const variants: readonly Variant[] = [raw, rawOverTls, copy, parse, parseStringify];
