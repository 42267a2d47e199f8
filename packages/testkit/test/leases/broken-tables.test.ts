import { setImmediate } from "node:timers/promises";
import {
  changed,
  type Intercept,
  type Lease,
  leaseFrom,
  type LeaseTable,
  type MemoryLeases,
  memoryLeases,
  type WriteOutcome,
} from "@kinesis-connectors/leases";
import { excluded } from "@kinesis-connectors/testkit";
import { describeLeaseTable, type LeaseTableContract } from "@kinesis-connectors/testkit/leases";
import { describe, expect, it } from "vitest";
import { collectTests } from "../support/collected-tests.js";
import { type MakeTable, memoryContract, type MemorySetup } from "./memory-contract.js";

/** The table in memory with some functions of another kind, which may call the sound ones. */
const withFunctions =
  (
    change: (sound: LeaseTable, leases: MemoryLeases, intercept: Intercept) => Partial<LeaseTable>,
  ): MakeTable =>
  (leases, intercept) => {
    const sound = leases.connect(intercept);
    return { ...sound, ...change(sound, leases, intercept) };
  };

/** A table that spoils each row that a change leaves behind. */
const spoiling = (spoil: (row: Lease, before: Lease | undefined) => Lease): MakeTable =>
  withFunctions((sound, { rows }) => ({
    update: async (seen, change) => {
      const before = rows.get(seen.leaseKey);
      const outcome = await sound.update(seen, change);
      const after = rows.get(seen.leaseKey);
      if (outcome.type === "applied" && after !== undefined) rows.set(seen.leaseKey, spoil(after, before));
      return outcome;
    },
  }));

const spoilingState = (spoil: (state: Uint8Array) => Uint8Array): MakeTable =>
  spoiling((row) =>
    row.pending?.state === undefined
      ? row
      : { ...row, pending: { ...row.pending, state: spoil(row.pending.state) } },
  );

/** A table whose counters are no whole numbers of 53 bits. */
const counting = (store: (counter: number) => number): MakeTable =>
  withFunctions((sound, { rows }) => ({
    get: async (leaseKey) => {
      const row = await sound.get(leaseKey);
      return row && { ...row, counter: store(row.counter) };
    },
    update: async (seen, change): Promise<WriteOutcome> => {
      const row = rows.get(seen.leaseKey);
      if (row === undefined || store(row.counter) !== store(seen.counter) || row.owner !== seen.owner)
        return { type: "refused" };
      rows.set(seen.leaseKey, changed({ ...row, counter: store(row.counter) }, change));
      return { type: "applied" };
    },
  }));

const OF_OWNERS = "whatever an earlier owner writes after a take is refused";
const PREPARED = "prepare stores a place and its bytes";
const RACE = "facts and a change that are written at the same time";
const PAUSED = "a pause is a fact";
const DONE = "an owner says with a renewal that a pause is done";
const RESET = "reset moves the checkpoint anywhere";
const FENCED = "whoever owned the row before a reset";
const HANDED = "hand-off names the next owner";
const TOLD = "hand-off does not look at the counter";
const ASSIGNED = "assign gives a row";
const TWO = "two clients write one row";
const SEEN = "get sees every write";
const LOST = "an update whose answer never came";
const RESTART = "rows outlive a restart";

const broken: readonly {
  readonly what: string;
  readonly make?: MakeTable;
  readonly more?: Partial<LeaseTableContract<MemorySetup>>;
  /** Names of tests that must fail, each by what it begins with. */
  readonly fails: readonly string[];
}[] = [
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
    what: "looks at the counter for a handoff",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change) =>
        change.type === "hand-off" && rows.get(seen.leaseKey)?.counter !== seen.counter
          ? { type: "refused" }
          : await sound.update(seen, change),
    })),
    fails: [TOLD],
  },
  {
    what: "hands off what is on its way already",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change): Promise<WriteOutcome> => {
        const row = rows.get(seen.leaseKey);
        if (change.type !== "hand-off" || row === undefined) return await sound.update(seen, change);
        rows.set(seen.leaseKey, changed(row, change));
        return { type: "applied" };
      },
    })),
    fails: [TOLD],
  },
  {
    what: "assigns whatever handoff is under way",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change) =>
        await sound.update(
          change.type === "assign"
            ? { ...seen, checkpointOwner: rows.get(seen.leaseKey)?.checkpointOwner }
            : seen,
          change,
        ),
    })),
    fails: [ASSIGNED],
  },
  {
    what: "keeps the mark of a handoff that has ended",
    make: spoiling((row, before) =>
      before?.checkpointOwner === undefined ? row : { ...row, checkpointOwner: before.checkpointOwner },
    ),
    fails: [HANDED, ASSIGNED],
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
    what: "loses a pause at the next change",
    make: spoiling(({ pausedMs: _since, pausedBy: _by, ...row }) => row),
    fails: [PAUSED],
  },
  {
    what: "keeps a pause that was taken away",
    make: withFunctions((sound, { rows }) => ({
      describe: async (leaseKey, facts) => {
        const before = rows.get(leaseKey);
        const found = await sound.describe(leaseKey, facts);
        const row = rows.get(leaseKey);
        if (row !== undefined && before?.pausedMs !== undefined && row.pausedMs === undefined)
          rows.set(leaseKey, { ...row, pausedMs: before.pausedMs });
        return found;
      },
    })),
    fails: [PAUSED],
  },
  {
    what: "lets a pause of the owner before count as done",
    make: spoiling((row, before) =>
      before?.pauseDoneMs === undefined
        ? row
        : { ...row, pauseDoneMs: row.pauseDoneMs ?? before.pauseDoneMs },
    ),
    fails: [DONE],
  },
  {
    what: "leaves the owner, or what was prepared, behind a reset",
    make: spoiling((row, before) =>
      row.owner === undefined && row.pending === undefined && before?.pending !== undefined
        ? { ...row, pending: before.pending }
        : row,
    ),
    fails: [RESET],
  },
  {
    what: "does not raise the counter by a reset",
    make: spoiling((row, before) =>
      row.owner === undefined && before?.owner !== undefined && row.checkpoint === "TRIM_HORIZON"
        ? { ...row, counter: before.counter, owner: before.owner }
        : row,
    ),
    fails: [FENCED],
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
];

describe("a lease table that", () => {
  for (const { what, make, more, fails } of broken) {
    it(`${what} is found`, async () => {
      const tests = collectTests();
      describeLeaseTable(memoryContract(tests.functions, make, more));
      const failures = await tests.failures();
      for (const name of fails)
        expect(
          [...failures.keys()].some((failed) => failed.startsWith(name)),
          `${name} should fail`,
        ).toBe(true);
    });
  }
});

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
