import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileNameOf, leaseOf, lineOf } from "../src/file-leases/lease-file.js";
import { fileLeases, type Lease, type LeaseTable } from "../src/index.js";
import { leaseWith, newLease } from "./support/leases.js";

let folder: string;
let tables: LeaseTable[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-leases-"));
});

afterEach(async () => {
  for (const table of tables) table.close?.();
  tables = [];
  await rm(folder, { recursive: true, force: true });
});

function tableOf(): LeaseTable {
  const table = fileLeases({ folder });
  tables.push(table);
  return table;
}

async function opened(): Promise<LeaseTable> {
  const table = tableOf();
  await table.open();
  return table;
}

const lockPath = (): string => join(folder, "lock");

describe("the lock of a folder of leases", () => {
  test("refuses another process while the first one runs, and is taken over once that is gone", async () => {
    const other: ChildProcess = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"]);
    await once(other, "spawn");
    await writeFile(lockPath(), JSON.stringify({ pid: other.pid, token: "theirs" }));
    const table = tableOf();
    await expect(table.open()).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
      message: expect.stringContaining(`in use by process ${other.pid}`),
    });
    const exit = once(other, "exit");
    other.kill("SIGKILL");
    await exit;
    expect(await table.open()).toEqual({ created: true });
  });

  test("refuses a second table of the same process, until the first one is closed", async () => {
    const first = await opened();
    await expect(tableOf().open()).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    first.close?.();
    expect(await tableOf().open()).toEqual({ created: false });
  });

  test("is not kept by a process of the same pid that was started at another time: a container, a restart of the machine", async () => {
    const stale = { pid: process.pid, started: "another boot:1", token: "theirs" };
    await writeFile(lockPath(), JSON.stringify(stale));
    await opened();
    expect(await readFile(lockPath(), "utf8")).not.toContain("theirs");
  });

  test("of a process in another container, whose id means nothing here, is held as long as that process lives", async () => {
    const first = await opened();
    const { token, socket } = JSON.parse(await readFile(lockPath(), "utf8")) as Record<string, string>;
    // As two containers see each other that share the folder: the id is that of another process, or of none.
    for (const stranger of [{ pid: process.pid, started: "this boot:1" }, { pid: 2 ** 30 }]) {
      await writeFile(lockPath(), JSON.stringify({ ...stranger, token, socket }));
      await expect(tableOf().open()).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    }
    first.close?.();
    expect(await tableOf().open()).toEqual({ created: false });
  });

  test("in a folder with a long path is held likewise, and leaves nothing but itself behind", async () => {
    folder = join(folder, "a".repeat(200));
    const first = await opened();
    const { token, socket } = JSON.parse(await readFile(lockPath(), "utf8")) as Record<string, string>;
    await writeFile(lockPath(), JSON.stringify({ pid: 2 ** 30, token, socket }));
    await expect(tableOf().open()).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    first.close?.();
    await opened();
    await expect
      .poll(async () => (await readdir(folder)).filter((name) => name.endsWith(".sock")).length)
      .toBe(1);
    folder = join(folder, "..");
  });

  test("of many that find a stale one at once, one gets it", async () => {
    await writeFile(lockPath(), JSON.stringify({ pid: 2 ** 30, token: "theirs" }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => opened()));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test.each(["", "{", '{"pid":"x"}'])(
    "that is unreadable (%s) is the trace of a crash, and taken over",
    async (text) => {
      await writeFile(lockPath(), text);
      await opened();
      expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ pid: process.pid });
    },
  );

  test("that was taken by hand stops the writes of its process", async () => {
    const table = await opened();
    await table.create(newLease("s0"));
    await writeFile(lockPath(), JSON.stringify({ pid: process.pid, token: "another" }));
    await expect(table.create(newLease("s1"))).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    const seen = await table.get("s0");
    if (seen === undefined) throw new Error("no row");
    await expect(table.update(seen, { type: "take", owner: "a" })).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
    });
    table.close?.();
    expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ token: "another" });
  });

  test("is gone after close, and nothing works until open is called again", async () => {
    const table = await opened();
    await table.create(newLease("s0"));
    table.close?.();
    expect(await readdir(folder)).toEqual(["format", "s0.json"]);
    await expect(table.get("s0")).rejects.toThrow("call open() first");
    await expect(table.create(newLease("s1"))).rejects.toThrow("call open() first");
    await table.open();
    expect((await table.get("s0"))?.leaseKey).toBe("s0");
  });
});

describe("the files of leases", () => {
  test("a draft that a crash left behind is no row, and cleared away", async () => {
    await writeFile(join(folder, "s0.json.draft"), '{"v":1,"leaseKey":"s0"');
    const table = await opened();
    expect(await table.list()).toEqual([]);
    const names = (await readdir(folder)).map((name) => name.replace(/^lock-.*\.sock$/, "socket"));
    expect(names.toSorted()).toEqual(["format", "lock", "socket"]);
  });

  test.each(["", "{", "null", '{"v":2}', '{"v":1,"leaseKey":"s0","counter":1.5,"checkpoint":"LATEST"}'])(
    "a damaged row (%s) is an error with its file's name, and the lock is let go",
    async (text) => {
      await writeFile(join(folder, "s0.json"), text);
      const table = tableOf();
      await expect(table.open()).rejects.toMatchObject({
        code: "KC_LEASE_TABLE",
        message: expect.stringContaining("s0.json"),
      });
      await rm(join(folder, "s0.json"));
      await table.open();
    },
  );

  test("a disk that takes nothing is waited for: the write is throttled, the row is as it was", async () => {
    const table = await opened();
    await table.create(newLease("s0"));
    const seen = await table.get("s0");
    if (seen === undefined) throw new Error("no row");
    // Where the draft would be written there is a folder.
    await mkdir(join(folder, "s0.json.draft"));
    expect((await table.update(seen, { type: "take", owner: "a" })).type).toBe("throttled");
    expect(await table.get("s0")).toEqual(seen);
    await rm(join(folder, "s0.json.draft"), { recursive: true });
    expect((await table.update(seen, { type: "take", owner: "a" })).type).toBe("applied");
  });

  test("a folder that cannot be made is an error that names it", async () => {
    await writeFile(join(folder, "file"), "");
    const table = fileLeases({ folder: join(folder, "file", "below") });
    await expect(table.open()).rejects.toMatchObject({
      code: "KC_LEASE_TABLE",
      message: expect.stringContaining(join("file", "below")),
    });
  });

  test("needs a folder's name", () => {
    expect(() => fileLeases({ folder: "" })).toThrow("folder");
  });

  test("keys that file systems trip over have files of their own", async () => {
    const keys = ["a", "A", "../a", "a/b", "a.json", "ä", "%61", ".", "shardId-000000000001"];
    expect(new Set(keys.map((key) => fileNameOf(key).toLowerCase())).size).toBe(keys.length);
    const table = await opened();
    for (const key of keys) await table.create(newLease(key));
    table.close?.();
    await table.open();
    expect((await table.list()).map(({ leaseKey }) => leaseKey).toSorted()).toEqual(keys.toSorted());
  });

  test("a row reads back as it was written, whatever it holds", () => {
    const text = fc.option(fc.string(), { nil: undefined });
    const number = fc.option(fc.maxSafeNat(), { nil: undefined });
    const at = fc.oneof(
      fc.constantFrom(
        "TRIM_HORIZON" as const,
        "LATEST" as const,
        "AT_TIMESTAMP" as const,
        "SHARD_END" as const,
      ),
      fc.record({ sequenceNumber: fc.string(), subSequenceNumber: fc.nat() }),
    );
    const state = fc.option(fc.uint8Array(), { nil: undefined });
    const row: fc.Arbitrary<Partial<Lease>> = fc.record({
      owner: text,
      counter: fc.maxSafeNat(),
      ownerSwitches: fc.nat(),
      checkpoint: at,
      pending: fc.option(fc.record({ checkpoint: at, state }), { nil: undefined }),
      parentShardIds: fc.array(fc.string()),
      childShardIds: fc.array(fc.string()),
      hashKeyRange: fc.option(fc.record({ startingHashKey: fc.string(), endingHashKey: fc.string() }), {
        nil: undefined,
      }),
      checkpointOwner: text,
      startTimestampMs: number,
      readThroughMs: number,
      protocolOwner: text,
      stream: fc.option(fc.record({ streamArn: fc.string(), createdMs: number }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.string(), row, (leaseKey, more) => {
        const lease = leaseWith(leaseKey, more);
        expect(leaseOf("file", lineOf(lease))).toEqual(lease);
      }),
    );
  });
});
