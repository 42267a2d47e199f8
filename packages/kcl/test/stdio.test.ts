import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { KinesisRecord } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";
import { linesOf } from "../src/protocol/lines.js";
import { messageOf } from "../src/protocol/messages.js";
import { type ChildProcessSide, stdioLink } from "../src/protocol/stdio-link.js";
import { pageMessage } from "./support/kcl-shard.js";
import { record } from "./support/world.js";

async function linesFrom(pieces: readonly (Buffer | string)[]): Promise<readonly string[]> {
  const stream = new PassThrough();
  const lines = (async () => {
    const found: string[] = [];
    for await (const line of linesOf(stream)) found.push(line);
    return found;
  })();
  for (const piece of pieces) {
    stream.write(piece);
    await setImmediate();
  }
  stream.end();
  return await lines;
}

describe("the lines of a pipe", () => {
  test("are the same however they are cut, in the middle of a letter too; what no line feed ends is left", async () => {
    const text = Buffer.from('{"a":"ä€😀"}\n\n{"b":1}\nhalf');
    const wanted = ['{"a":"ä€😀"}', "", '{"b":1}'];
    expect(await linesFrom([text])).toEqual(wanted);
    expect(await linesFrom([...text].map((byte) => Buffer.from([byte])))).toEqual(wanted);
  });

  test("are whole where a page of 10 MiB makes one of them, in pieces as a pipe gives them", async () => {
    const data = Buffer.alloc(1024 * 1024, 7);
    const page: readonly KinesisRecord[] = Array.from({ length: 10 }, (_, index) => ({
      ...record(index),
      data,
    }));
    const line = Buffer.from(`${JSON.stringify(pageMessage(page))}\n`);
    const pieces = Array.from({ length: Math.ceil(line.length / 65_536) }, (_, index) =>
      line.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const [only = "", ...others] = await linesFrom(pieces);
    expect(others).toEqual([]);
    const message = messageOf(only);
    expect(message).toMatchObject({ action: "processRecords", bytes: 10 * 1024 * 1024 });
    expect(message.action === "processRecords" && message.records.every((one) => data.equals(one.data))).toBe(
      true,
    );
  });

  test("that never end are given up, so that whatever writes there does not fill the memory", async () => {
    const stream = new PassThrough();
    const lines = (async () => {
      const found: string[] = [];
      for await (const line of linesOf(stream, 1_000)) found.push(line);
      return found;
    })();
    stream.write(`${"a".repeat(900)}\n${"b".repeat(900)}`);
    await setImmediate();
    stream.write("b".repeat(200));
    await expect(lines).rejects.toMatchObject({ code: "KC_DAEMON_BROKEN" });
    expect(stream.destroyed).toBe(true);
  });

  test("end where the pipe breaks off", async () => {
    const stream = new PassThrough();
    const lines = (async () => {
      const found: string[] = [];
      for await (const line of linesOf(stream)) found.push(line);
      return found;
    })();
    stream.write("one\ntwo");
    await setImmediate();
    stream.destroy();
    expect(await lines).toEqual(["one"]);
  });
});

describe("a page of the daemon's", () => {
  test("is read as KCL writes it, with what it may leave out", () => {
    expect(
      messageOf(
        '{"action":"processRecords","records":[{"action":"record","data":"aGk=","partitionKey":"k","sequenceNumber":"49600","subSequenceNumber":3,' +
          '"approximateArrivalTimestamp":1764427200000},{"data":null,"partitionKey":"","sequenceNumber":"49601","subSequenceNumber":null,' +
          '"approximateArrivalTimestamp":null}],"millisBehindLatest":null}',
      ),
    ).toEqual({
      action: "processRecords",
      records: [
        {
          sequenceNumber: "49600",
          subSequenceNumber: 3,
          data: Buffer.from("hi"),
          partitionKey: "k",
          arrivalTimeMs: 1_764_427_200_000,
        },
        {
          sequenceNumber: "49601",
          subSequenceNumber: 0,
          data: Buffer.alloc(0),
          partitionKey: "",
          arrivalTimeMs: 0,
        },
      ],
      bytes: 2,
      millisBehindLatest: undefined,
    });
  });

  test.each(["TRIM_HORIZON", "AT_TIMESTAMP", "LATEST", "SHARD_END"])("names the sentinel %s", (sentinel) => {
    expect(
      messageOf(`{"action":"initialize","shardId":"s","sequenceNumber":"${sentinel}","subSequenceNumber":0}`),
    ).toEqual({
      action: "initialize",
      shardId: "s",
      checkpoint: sentinel,
    });
  });
});

/** A process with pipes in memory. */
function createSide(): ChildProcessSide & {
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  readonly listeners: Map<string, () => void>;
} {
  const listeners = new Map<string, () => void>();
  return {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    listeners,
    on: (signal, listener) => listeners.set(signal, listener),
    off: (signal) => listeners.delete(signal),
  };
}

describe("standard output", () => {
  test("belongs to the protocol: what others write to it goes to standard error, until the link is closed", () => {
    const side = createSide();
    const link = stdioLink(side);
    side.stdout.write("a line of some library\n");
    link.write('{"action":"status","responseFor":"initialize"}');
    link.close();
    side.stdout.write("after");
    expect(String(side.stdout.read())).toBe('\n{"action":"status","responseFor":"initialize"}\nafter');
    expect(String(side.stderr.read())).toBe("a line of some library\n");
  });

  test("of a daemon that is gone breaks nothing", async () => {
    const side = createSide();
    const link = stdioLink(side);
    const failed = once(side.stdout, "error");
    side.stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await failed;
    expect(() => link.write("{}")).not.toThrow();
    link.close();
  });

  test("signals for the whole group are left to the daemon, until the link is closed", () => {
    const side = createSide();
    const link = stdioLink(side);
    expect([...side.listeners.keys()]).toEqual(["SIGINT", "SIGTERM"]);
    link.close();
    expect(side.listeners.size).toBe(0);
  });
});
