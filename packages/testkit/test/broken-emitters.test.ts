import { type Emitter, hasCode } from "@kinesis-connectors/core";
import { describeEmitterContract } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { collectTests } from "./support/collected-tests.js";
import { logContract } from "./support/log-contract.js";
import { LogEmitter, logEmitter } from "./support/log-emitter.js";
import type { SimulatedLog } from "./support/simulated-log.js";

describeEmitterContract(logContract({ describe, it }));
describeEmitterContract(
  logContract({ describe, it }, (log) => new LogEmitter(log), "an emitter that is a class"),
);

type Emit = Emitter<string>["emit"];

/** The log emitter with another `emit`, which may call the sound one. */
const withEmit = (change: (emit: Emit) => Emit) => (log: SimulatedLog) => {
  const sound = logEmitter(log);
  return { ...sound, emit: change(sound.emit) };
};

const broken: readonly {
  readonly what: string;
  readonly make: (log: SimulatedLog) => Emitter<string>;
  /** Names of tests that must fail, each by what it begins with. */
  readonly fails: readonly string[];
}[] = [
  {
    what: "says that it wrote a record that it dropped",
    make: withEmit(
      (emit) => (batch, context) => emit({ ...batch, entries: batch.entries.slice(1) }, context),
    ),
    fails: ["writes a batch of 1 whole", "writes a batch of 25 whole", "emitting the same batch again"],
  },
  {
    what: "tells outputs apart by their sequence numbers only",
    make: withEmit((emit) => (batch, context) => {
      const bySequenceNumber = new Map(batch.entries.map((entry) => [entry.record.sequenceNumber, entry]));
      return emit({ ...batch, entries: [...bySequenceNumber.values()] }, context);
    }),
    fails: ["writes several outputs of one record"],
  },
  {
    what: "writes something for an empty batch",
    make: (log) => {
      const sound = logEmitter(log);
      return {
        ...sound,
        emit: async (batch, context) => {
          if (batch.entries.length === 0) await log.append([{ key: "", text: "empty" }], context.signal);
          return sound.emit(batch, context);
        },
      };
    },
    fails: ["takes an empty batch"],
  },
  {
    what: "leaves a listener on the shard's signal with each batch",
    make: withEmit((emit) => async (batch, context) => {
      context.signal.addEventListener("abort", () => undefined);
      return emit(batch, context);
    }),
    fails: ["keeps the order of the partition-key", "splits 11 records"],
  },
  {
    what: "turns the order round",
    make: withEmit(
      (emit) => (batch, context) => emit({ ...batch, entries: batch.entries.toReversed() }, context),
    ),
    fails: ["keeps the order of the partition-key"],
  },
  {
    what: "does not know the limit of records",
    make: (log) => logEmitter(log, { maxRecords: 11, maxBytes: 1000 }),
    fails: ["splits 11 records", "splits 21 records"],
  },
  {
    what: "does not know the limit of bytes",
    make: (log) => logEmitter(log, { maxRecords: 10, maxBytes: 1001 + 400 }),
    fails: ["splits 7 records of 333 bytes"],
  },
  {
    what: "throws at an oversized record",
    make: withEmit((emit) => async (batch, context) => {
      if (batch.entries.some(({ output }) => output.length > 400)) throw new Error("too large");
      return emit(batch, context);
    }),
    fails: ["writes a record of 400 bytes and reports one of a byte more"],
  },
  {
    what: "refuses a whole batch because of one record",
    make: withEmit((emit) => async (batch, context) => {
      const isRefused = batch.entries.some(({ output }) => output.startsWith("!"));
      if (!isRefused) return emit(batch, context);
      const error = new Error("refused");
      return { failed: batch.entries.map((entry) => ({ entry, action: "dead-letter", error })) };
    }),
    fails: ["returns refused records as dead letters and writes the others: neighbours in the middle"],
  },
  {
    what: "makes dead letters of throttled records",
    make: withEmit((emit) => async (batch, context) => {
      const { failed } = await emit(batch, context);
      return { failed: failed.map(({ entry, error }) => ({ entry, action: "dead-letter", error })) };
    }),
    fails: ["tries exactly the entries again that were not taken: 0 of 10 keys"],
  },
  {
    what: "forgets what was throttled",
    make: withEmit((emit) => async (batch, context) => {
      const { failed } = await emit(batch, context);
      return { failed: failed.filter(({ action }) => action !== "retry") };
    }),
    fails: ["tries exactly the entries again that were not taken: 0 of 10 keys"],
  },
  {
    what: "returns accepted records beside the throttled ones",
    make: withEmit((emit) => async (batch, context) => {
      const { failed } = await emit(batch, context);
      const [first] = failed;
      if (first === undefined) return { failed };
      return { failed: batch.entries.map((entry) => ({ entry, action: "retry", error: first.error })) };
    }),
    fails: ["tries exactly the entries again that were not taken: 1, 2, 5 of 10 keys"],
  },
  {
    what: "lets records pass an earlier one of their key that was not taken",
    make: withEmit((emit) => async (batch, context) => {
      // One call per record, so that nothing waits for what an earlier call did not write.
      const results = [];
      for (const entry of batch.entries) results.push(await emit({ ...batch, entries: [entry] }, context));
      return { failed: results.flatMap(({ failed }) => failed) };
    }),
    fails: ["tries exactly the entries again that were not taken: 0 of 3 keys"],
  },
  {
    what: "hands back copies",
    make: withEmit((emit) => async (batch, context) => {
      const { failed } = await emit(batch, context);
      return {
        failed: failed.map(({ entry, action, error }) => ({ entry: structuredClone(entry), action, error })),
      };
    }),
    fails: ["returns refused records as dead letters and writes the others: the only record"],
  },
  {
    what: "names a record twice",
    make: withEmit((emit) => async (batch, context) => {
      const { failed } = await emit(batch, context);
      return { failed: [...failed, ...failed] };
    }),
    fails: ["returns refused records as dead letters and writes the others: every record"],
  },
  {
    what: "makes dead letters of everything when a request fails",
    make: withEmit((emit) => async (batch, context) => {
      try {
        return await emit(batch, context);
      } catch {
        const error = new Error("failed");
        return { failed: batch.entries.map((entry) => ({ entry, action: "dead-letter", error })) };
      }
    }),
    fails: [
      "tries again when a request is throttled",
      "tries again when a request meets an outage",
      "writes everything at least once when a reply is lost",
      "stops with KC_EMIT_REFUSED",
    ],
  },
  {
    what: "has a mistake in what it does about a failed request",
    make: withEmit((emit) => async (batch, context) => {
      try {
        return await emit(batch, context);
      } catch (error) {
        const { answer } = error as { readonly answer?: { readonly status: number } };
        throw new Error(`failed with ${(answer as { readonly status: number }).status}`, { cause: error });
      }
    }),
    fails: ["tries again when a request is throttled", "tries again when a request meets an outage"],
  },
  {
    what: "takes missing rights for an outage",
    make: withEmit((emit) => async (batch, context) => {
      try {
        return await emit(batch, context);
      } catch (error) {
        throw hasCode(error, "KC_EMIT_REFUSED") ? new Error("failed", { cause: error }) : error;
      }
    }),
    fails: ["stops with KC_EMIT_REFUSED"],
  },
  {
    what: "does not hear the signal",
    make: withEmit(
      (emit) => (batch, context) => emit(batch, { ...context, signal: new AbortController().signal }),
    ),
    fails: ["settles when it is aborted while the destination does not answer"],
  },
  {
    what: "calls everything written when it is aborted",
    make: withEmit((emit) => async (batch, context) => {
      try {
        return await emit(batch, context);
      } catch (error) {
        if (context.signal.aborted) return { failed: [] };
        throw error;
      }
    }),
    fails: [
      "settles when it is called with an aborted signal",
      "settles when it is aborted while the destination does not answer",
    ],
  },
  {
    what: "changes the bytes of a record",
    make: withEmit((emit) => (batch, context) => {
      batch.entries[0]?.record.data.fill(0);
      return emit(batch, context);
    }),
    fails: ["changes nothing of the batch"],
  },
  {
    what: "sorts the entries in place",
    make: withEmit((emit) => (batch, context) => {
      (batch.entries as unknown[]).reverse();
      return emit(batch, context);
    }),
    fails: ["changes nothing of the batch", "writes a batch of 25 whole"],
  },
  {
    what: "cannot be closed twice",
    make: (log) => {
      let closed = false;
      return {
        ...logEmitter(log),
        close: () => {
          if (closed) return Promise.reject(new Error("closed already"));
          closed = true;
          return Promise.resolve();
        },
      };
    },
    fails: ["closes twice after a batch", "closes without ever having been used"],
  },
  {
    what: "declares more than its contract says",
    make: (log) => ({
      ...logEmitter(log),
      capabilities: { duplicates: "none", ordering: "partition-key" },
    }),
    fails: ["declares its capabilities"],
  },
  {
    what: "meets no fault, because it sends nothing",
    make: withEmit(() => () => Promise.resolve({ failed: [] })),
    fails: ["tries again when a request is throttled", "settles when it is aborted while"],
  },
];

describe("the contract", () => {
  it("crosses the limit of bytes with records that the destination takes, also where a third of it would be too large", () => {
    const tests = collectTests();
    const contract = logContract(tests.functions);
    const smaller = { maxRequestBytes: 1000, maxRecordBytes: 100 };
    describeEmitterContract({ ...contract, limits: Object.assign({}, contract.limits, smaller) });
    expect(tests.names()).toContain("splits 21 records of 100 bytes into requests of 1000 bytes");
  });
});

describe("the contract finds an emitter", () => {
  for (const { what, make, fails } of broken) {
    it(`that ${what}`, async () => {
      const tests = collectTests();
      describeEmitterContract(logContract(tests.functions, make));
      const failed = [...(await tests.failures()).keys()];
      for (const name of fails) expect(failed).toContainEqual(expect.stringMatching(new RegExp(`^${name}`)));
    });
  }
});
