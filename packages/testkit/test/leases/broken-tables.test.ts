import { setImmediate } from "node:timers/promises";
import { changed, type Lease, leaseFrom, memoryLeases, type WriteOutcome } from "@kinesis-connectors/leases";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable } from "@kinesis-connectors/testkit/leases";
import { expect, it } from "vitest";
import { collectTests } from "../support/collected-tests.js";
import { areFound, counting, spoiling, spoilingState, withFunctions } from "./broken-table.js";
import { memoryContract } from "./memory-contract.js";

const OF_OWNERS = "whatever an earlier owner writes after a take is refused";
const PREPARED = "prepare stores a place and its bytes";
const RACE = "facts and a change that are written at the same time";
const TWO = "two clients write one row";
const SEEN = "get sees every write";
const LOST = "an update whose answer never came";
const RESTART = "rows outlive a restart";

areFound([
  {
    what: "says each time that it was created",
    make: withFunctions(() => ({ open: () => Promise.resolve({ created: true }) })),
    fails: ["is created by the first"],
  },
  {
    what: "creates a row over another",
    make: withFunctions((_, { rows }) => ({
      create: (lease) => {
        rows.set(lease.leaseKey, leaseFrom(lease));
        return Promise.resolve(true);
      },
    })),
    fails: ["does not create a row twice"],
  },
  {
    what: "forgets what is read of a shard",
    make: spoiling(({ throughputKBps: _throughput, ...row }) => row),
    fails: ["a renewal says what is read"],
  },
  {
    what: "forgets whose progress a row holds",
    make: spoiling((row) => ({ ...row, stream: undefined })),
    fails: ["keeps whose progress"],
  },
  {
    what: "forgets until when an application reads",
    make: spoiling((row) => ({ ...row, untilMs: undefined })),
    fails: ["keeps until when an application reads"],
  },
  {
    what: "writes with a renewal alone how far a shard was read",
    make: withFunctions((sound) => ({
      update: (seen, change) =>
        sound.update(seen, change.type === "commit" ? { ...change, readThroughMs: undefined } : change),
    })),
    fails: ["until when the shard was read rides along"],
  },
  {
    what: "looks at the owner only",
    make: withFunctions((_, { rows }) => ({
      update: (seen, change): Promise<WriteOutcome> => {
        const row = rows.get(seen.leaseKey);
        if (row === undefined || row.owner !== seen.owner) return Promise.resolve({ type: "refused" });
        rows.set(seen.leaseKey, changed(row, change));
        return Promise.resolve({ type: "applied" });
      },
    })),
    fails: ["a counter goes on past 2^31"],
  },
  {
    what: "looks at the counter only",
    make: withFunctions((_, { rows }) => ({
      update: (seen, change): Promise<WriteOutcome> => {
        const row = rows.get(seen.leaseKey);
        if (row?.counter !== seen.counter) return Promise.resolve({ type: "refused" });
        rows.set(seen.leaseKey, changed(row, change));
        return Promise.resolve({ type: "applied" });
      },
    })),
    fails: ["a counter that comes again under another owner"],
  },
  {
    what: "writes without a condition",
    make: withFunctions((_, { rows }) => ({
      update: (seen, change): Promise<WriteOutcome> => {
        rows.set(seen.leaseKey, changed(seen, change));
        return Promise.resolve({ type: "applied" });
      },
    })),
    fails: ["take: of three", OF_OWNERS, TWO, "a change of a row that is gone"],
  },
  {
    what: "leaves what was prepared behind a commit",
    make: spoiling((row, before) => ({ ...row, pending: row.pending ?? before?.pending })),
    fails: [PREPARED],
  },
  {
    what: "makes a row for facts",
    make: withFunctions((sound, { rows }) => ({
      describe: async (leaseKey, facts) => {
        if (!rows.has(leaseKey))
          await sound.create({
            leaseKey,
            checkpoint: "TRIM_HORIZON",
            parentShardIds: [],
            hashKeyRange: facts.hashKeyRange ?? { startingHashKey: "0", endingHashKey: "1" },
          });
        return await sound.describe(leaseKey, facts);
      },
    })),
    fails: ["facts about a shard change neither"],
  },
  {
    what: "merges what is prepared into what was prepared before",
    make: spoiling((row, before) =>
      row.pending === undefined
        ? row
        : { ...row, pending: { ...row.pending, state: row.pending.state ?? before?.pending?.state } },
    ),
    fails: ["a prepare without bytes after one with bytes"],
  },
  {
    what: "keeps bytes as text",
    make: spoilingState((state) => new TextEncoder().encode(new TextDecoder().decode(state))),
    fails: ["300 KiB of bytes", PREPARED],
  },
  {
    what: "keeps 64 KiB of bytes",
    make: spoilingState((state) => state.slice(0, 65_535)),
    fails: ["300 KiB of bytes"],
  },
  {
    what: "writes facts by writing the whole row as it was read",
    make: withFunctions((_, { rows }) => ({
      describe: async (leaseKey, { childShardIds, hashKeyRange }) => {
        const row = rows.get(leaseKey);
        if (row === undefined) return false;
        await setImmediate();
        rows.set(leaseKey, {
          ...row,
          childShardIds: childShardIds ?? row.childShardIds,
          hashKeyRange: hashKeyRange ?? row.hashKeyRange,
        });
        return true;
      },
    })),
    fails: [RACE],
  },
  {
    what: "changes a row by writing it whole as it was seen",
    make: withFunctions((_, { rows }) => ({
      update: async (seen, change): Promise<WriteOutcome> => {
        await setImmediate();
        const row = rows.get(seen.leaseKey);
        if (row === undefined || row.counter !== seen.counter || row.owner !== seen.owner)
          return { type: "refused" };
        rows.set(seen.leaseKey, changed(seen, change));
        return { type: "applied" };
      },
    })),
    fails: [RACE],
  },
  {
    what: "looks first and writes later",
    make: withFunctions((_, { rows }) => ({
      update: async (seen, change): Promise<WriteOutcome> => {
        const row = rows.get(seen.leaseKey);
        if (row === undefined || row.counter !== seen.counter || row.owner !== seen.owner)
          return { type: "refused" };
        await setImmediate();
        rows.set(seen.leaseKey, changed(row, change));
        return { type: "applied" };
      },
    })),
    fails: [TWO, "take: of three"],
  },
  {
    what: "calls a write refused whose answer never came",
    make: withFunctions((sound) => ({
      update: async (seen, change) => {
        const outcome = await sound.update(seen, change);
        return outcome.type === "unknown" ? { type: "refused" } : outcome;
      },
    })),
    fails: [LOST],
  },
  {
    what: "sends a write whose answer never came again, as a new one",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change) => {
        const outcome = await sound.update(seen, change);
        const row = rows.get(seen.leaseKey);
        if (outcome.type === "unknown" && row !== undefined)
          rows.set(seen.leaseKey, changed({ ...row, checkpoint: "TRIM_HORIZON" }, change));
        return outcome;
      },
    })),
    fails: [LOST],
  },
  {
    what: "meets no lost answer, because the test arranges none",
    more: { answerLost: () => () => false },
    fails: [LOST],
  },
  {
    what: "forgets its rows at a restart",
    more: { restart: () => memoryLeases().connect() },
    fails: [RESTART],
  },
  {
    what: "forgets at a restart what was prepared",
    more: {
      restart: ({ leases }) => {
        for (const [key, row] of leases.rows) leases.rows.set(key, { ...row, pending: undefined });
        return leases.connect();
      },
    },
    fails: [RESTART],
  },
  {
    what: "has a removed row again after a restart",
    more: {
      restart: ({ leases }) => {
        const row = leases.rows.get("s1");
        if (row !== undefined) leases.rows.set("s4", { ...row, leaseKey: "s4" });
        return leases.connect();
      },
    },
    fails: [RESTART],
  },
  {
    what: "lists one page",
    make: withFunctions((sound) => ({ list: async () => (await sound.list()).slice(0, 1_000) })),
    fails: ["3000 leases are listed"],
  },
  {
    what: "lists the rows at the edge of a page twice",
    make: withFunctions((sound) => ({
      list: async () => {
        const rows = await sound.list();
        return [...rows.slice(0, 1_000), ...rows.slice(999)];
      },
    })),
    fails: ["3000 leases are listed"],
  },
  {
    what: "counts in 32 bits",
    make: counting((counter) => counter | 0),
    fails: ["a counter goes on past 2^31"],
  },
  {
    what: "counts in 32 bits without a sign",
    make: counting((counter) => counter >>> 0),
    fails: ["a counter goes on past 2^32"],
  },
  {
    what: "counts in floats of 32 bits",
    make: counting(Math.fround),
    fails: ["a counter goes on past 2^31"],
  },
  {
    what: "reads from a copy that is behind what other clients write",
    more: {
      connect: ({ leases }) => {
        const sound = leases.connect();
        let copy = new Map<string, Lease>();
        const get = async (leaseKey: string): Promise<Lease | undefined> => {
          const found = copy.get(leaseKey);
          await setImmediate();
          copy = new Map(leases.rows);
          return found;
        };
        return { ...sound, get };
      },
    },
    fails: [SEEN],
  },
]);

it("what is left out stands in the name of the suite, and is not tested", () => {
  const tests = collectTests();
  const left = excluded("the store is a sketch");
  describeLeaseTable(
    memoryContract(tests.functions, undefined, {
      connect: left,
      answerLost: left,
      restart: left,
      setCounter: left,
    }),
  );
  expect(tests.suites[0]).toBe(
    "memoryLeases keeps the contract of lease tables, without connect (the store is a sketch), answerLost (the store is a sketch), " +
      "restart (the store is a sketch), setCounter (the store is a sketch)",
  );
  for (const name of [LOST, RESTART, "a counter goes on"])
    expect(tests.names().filter((test) => test.startsWith(name))).toEqual([]);
});
