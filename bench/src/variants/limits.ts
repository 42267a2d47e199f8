import { createConnection } from "node:net";
import { connect as connectTls } from "node:tls";
import { readFileSync } from "node:fs";
import { streamName } from "../servers/answers.js";
import { CERTIFICATE_FILE } from "../servers/canned-server.js";
import type { Order } from "../data/data-sets.js";
import { filtered, lines, payloads, transformed, transform } from "../data/expected.js";
import { endpointOf, type Job, type Variant } from "../rows/variant.js";

/** The bytes of an answer read from a socket and dropped: no reader can be faster. */
const raw: Variant = {
  name: "raw-socket",
  label: "raw socket, CBOR bytes dropped",
  kind: "limit",
  unit: "record",
  sets: ["200b", "1kb", "aggregated", "single"],
  transports: ["clear", "tls"],
  run: async (job) => {
    const url = new URL(endpointOf(job));
    const target = { host: url.hostname, port: Number(url.port) };
    const socket =
      job.transport === "tls"
        ? connectTls({ ...target, ca: readFileSync(CERTIFICATE_FILE) })
        : createConnection(target);
    const body = `{"ShardIterator":"${streamName(job.set.name)}"}`;
    const request = `POST / HTTP/1.1\r\nx-amz-target: Kinesis_20131202.GetRecords\r\ncontent-type: application/x-amz-cbor-1.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    await new Promise<void>((resolve, reject) => {
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
  },
};

/** V8's floors: the records are in memory already, in one buffer, as they would be in a page. */
function floor(
  name: string,
  label: string,
  expected: Variant["expected"],
  page: (records: readonly Buffer[], job: Job) => void,
): Variant {
  return {
    name,
    label,
    kind: "limit",
    unit: "record",
    sets: ["200b", "1kb"],
    transports: ["memory"],
    ...(expected === undefined ? {} : { expected }),
    run: (job) => {
      const all = Buffer.concat(job.set.userRecords);
      let at = 0;
      const records = job.set.userRecords.map((record) => all.subarray(at, (at += record.length)));
      do page(records, job);
      while (job.meter.page(records.length));
      return Promise.resolve();
    },
  };
}

const parse = floor("floor-parse", "V8: JSON.parse in memory", payloads, (records, { meter }) => {
  for (const record of records) meter.touchValue(parsed(record));
});

const parseFilter = floor(
  "floor-filter",
  "V8: parse, filter, original bytes into one buffer",
  filtered,
  (records, { meter }) => {
    const page = pageFor(records);
    let length = 0;
    for (const record of records) {
      if (parsed(record).status !== "paid") continue;
      page.set(record, length);
      length += record.length;
      page[length] = 0x0a;
      length += 1;
    }
    meter.touch(page.subarray(0, length));
  },
);

const parseStringify = floor(
  "floor-transform",
  "V8: parse, filter, map, stringify into one buffer",
  transformed,
  (records, { meter }) => {
    const page = pageFor(records);
    let length = 0;
    for (const record of records) {
      const order = parsed(record);
      if (order.status !== "paid" && order.status !== "open") continue;
      length += page.write(`${JSON.stringify(transform(order))}\n`, length, "latin1");
    }
    meter.touch(page.subarray(0, length));
  },
);

const copy = floor("floor-copy", "V8: bytes copied into one buffer as lines", lines, (records, { meter }) => {
  const page = pageFor(records);
  let length = 0;
  for (const record of records) {
    page.set(record, length);
    length += record.length;
    page[length] = 0x0a;
    length += 1;
  }
  meter.touch(page.subarray(0, length));
});

/** Room for a page of lines: twice what came in, because memory that is only asked for would be paid for by the floor. */
function pageFor(records: readonly Buffer[]): Buffer {
  const [first] = records;
  return Buffer.allocUnsafe(records.length * ((first?.length ?? 0) + 1) * 2);
}

/** The set is ASCII, so latin1 is right; the type is what the set holds. */
function parsed(record: Buffer): Order {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(record.toString("latin1")) as Order;
}

export const limits: readonly Variant[] = [raw, copy, parse, parseFilter, parseStringify];
