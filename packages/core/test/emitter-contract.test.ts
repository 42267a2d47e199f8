import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import {
  type Batch,
  definePipeline,
  type EmitContext,
  type EmitResult,
  type Emitter,
  type BatchWriter,
  json,
  type PlannedRange,
} from "../src/index.js";
import { positionOf, recordsOf } from "./support/memory-shard.js";
import { createWorld, type Numbered, numbers, runIn } from "./support/world.js";

class Place {
  readonly key = "a";
}

const capabilities = { duplicates: "possible", ordering: "none" } as const;

/** Runs ten records into an emitter, and gives the error that the shard ended with. */
async function failureOf(
  emitter: object,
  options: object = {},
): Promise<{ readonly error: unknown; readonly commits: number; readonly retries: number }> {
  const world = createWorld(recordsOf(10));
  world.shard.close();
  const run = runIn(
    world,
    definePipeline({
      transformer: json<Numbered>(),
      buffer: { maxRecords: 10 },
      emitter: { capabilities, emit: () => Promise.resolve({ failed: [] }), ...emitter },
      ...options,
    }),
  );
  const error: unknown = await world.clock.run(run.done).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const commits = world.lease.writes.filter(({ type }) => type === "commit").length;
  return { error, commits, retries: run.eventsOf("emit-retry").length };
}

const settling = (result: (batch: Batch<Numbered>) => unknown): object => ({
  emit: (batch: Batch<Numbered>) => Promise.resolve(result(batch)),
});

describe("an emitter that is a class", () => {
  class Rows implements Emitter<Numbered, { readonly place: string }> {
    readonly capabilities = capabilities;
    readonly written: number[] = [];
    readonly done: string[] = [];
    #open = false;

    async open(): Promise<void> {
      await Promise.resolve();
      this.#open = true;
    }

    sizeOf(): number {
      return this.#open ? 10 : Number.NaN;
    }

    plan(batch: Batch<Numbered>): { readonly place: string } {
      return { place: `${this.#open}-${batch.batchId}` };
    }

    async isWritten(range: PlannedRange): Promise<boolean> {
      this.done.push(`asked ${range.recordCount}`);
      return await Promise.resolve(this.written.length > 0);
    }

    async emit(batch: Batch<Numbered>): Promise<EmitResult<Numbered>> {
      this.written.push(...batch.entries.map(({ output }) => output.n));
      return await Promise.resolve({ failed: [] });
    }

    async close(): Promise<void> {
      await Promise.resolve();
      this.#open = false;
      this.done.push("closed");
    }
  }

  it("keeps its this in every function, also when they are called apart from it", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const rows = new Rows();
    const pipeline = definePipeline({ transformer: json<Numbered>(), emitter: rows });
    const { open, close } = pipeline.emitter;
    await open?.({ signal: new AbortController().signal, logger: console });
    world.gate.fail("commit", new Error("the process dies"));
    await expect(world.clock.run(runIn(world, pipeline).done)).rejects.toThrow("the process dies");
    await world.clock.run(runIn(world, pipeline).done);
    await close?.();
    expect(rows.written).toEqual(numbers(10));
    expect(rows.done).toEqual(["asked 10", "closed"]);
  });
});

describe("an emitter that breaks its promise stops the shard and is named", () => {
  it.each<[string, object, string]>([
    ["settles with nothing", settling(() => undefined), "emitter.emit settled with undefined"],
    ["settles with garbage", settling(() => "ok"), "emitter.emit settled with a string"],
    ["forgets failed", settling(() => ({ ok: true })), "settle with { failed: [...] }"],
    ["returns no promise and nothing", { emit: () => undefined }, "emitter.emit settled with undefined"],
    ["names null", settling(() => ({ failed: [null] })), "not among those it was given"],
    [
      "names strangers",
      settling(({ entries }) => ({ failed: [{ ...entries[0], action: "retry", error: new Error("no") }] })),
      "not among those it was given",
    ],
    [
      "names one twice",
      settling(({ entries }) => ({
        failed: [1, 2].map(() => ({ entry: entries[0], action: "dead-letter", error: new Error("no") })),
      })),
      "named a failed entry twice",
    ],
    [
      "gives no error",
      settling(({ entries }) => ({ failed: [{ entry: entries[0], action: "retry" }] })),
      "whose error is undefined",
    ],
    [
      "gives a text as the error",
      settling(({ entries }) => ({ failed: [{ entry: entries[0], action: "retry", error: "busy" }] })),
      "whose error is a string",
    ],
    [
      "invents an action",
      settling(({ entries }) => ({
        failed: [{ entry: entries[0], action: "skip", error: new Error("no") }],
      })),
      'must be "retry" or "dead-letter"',
    ],
    ["plans with a promise", { plan: () => Promise.resolve({}) }, "emitter.plan returned a promise"],
    ["plans nothing", { plan: () => undefined }, "emitter.plan returned undefined"],
    [
      "plans what throws when it is looked at",
      {
        plan: () => ({
          get at(): never {
            throw new Error("no");
          },
        }),
      },
      "emitter.plan threw Error",
    ],
    ["plans an object of a class", { plan: () => new Place() }, "JSON does not bring back as it was"],
    ["plans a date", { plan: () => ({ at: new Date(0) }) }, "JSON does not bring back as it was"],
    ["plans a bigint", { plan: () => ({ at: 1n }) }, "JSON does not bring back as it was"],
    [
      "throws while it plans",
      {
        plan: () => {
          throw new Error("no clock here");
        },
      },
      "emitter.plan threw Error",
    ],
    ["measures NaN", { sizeOf: () => Number.NaN }, "as the size of an output"],
    ["measures with a text", { sizeOf: () => "12" }, "gave a string as the size of an output"],
    ["names no partition", { batching: { partitionOf: () => undefined } }, "partitionOf returned undefined"],
    ["has half a writer", { createWriter: () => ({ write: () => 1 }) }, "writer without keep"],
  ])("%s", async (_name, emitter, message) => {
    // Not as poison either: the records are not at fault.
    const deadLetters = { capabilities, emit: () => Promise.resolve({ failed: [] }) };
    const { error, commits } = await failureOf(emitter, { deadLetters });
    expect(error).toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringContaining(message),
    });
    expect(commits).toBe(0);
  });

  it("loses outputs that were encoded", async () => {
    const lossy: BatchWriter<Numbered> = {
      write: () => 1,
      keep: () => undefined,
      drop: () => undefined,
      heldBytes: () => 0,
      drain: () => ({ count: 9, discard: () => undefined }),
      close: () => undefined,
    };
    const { error, commits } = await failureOf({ createWriter: () => lossy });
    expect(error).toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringContaining("for which 10 outputs were kept with a count of 9"),
    });
    expect(commits).toBe(0);
  });

  it("answers isWritten with something that is true in JavaScript only", async () => {
    const world = createWorld(recordsOf(10));
    world.shard.close();
    const { plan, ...planned } = world.planned();
    const emitter = { ...planned, plan: plan as NonNullable<typeof plan> };
    world.gate.fail("emit", Object.assign(new Error("gone"), { name: "Killed" }), 1);
    const first = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), emitter, retry: { maxRequestAttempts: 1 } }),
    );
    await expect(world.clock.run(first.done)).rejects.toMatchObject({ code: "KC_EMIT_FAILED" });
    const untyped: object = { isWritten: () => Promise.resolve({ status: 404 }) };
    const nextOwner = runIn(
      world,
      definePipeline({ transformer: json<Numbered>(), emitter: { ...emitter, ...untyped } }),
    );
    await expect(world.clock.run(nextOwner.done)).rejects.toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringContaining("emitter.isWritten settled with an object"),
    });
    expect(world.lease.progress.checkpoint).toBeUndefined();
  });

  it("is named as deadLetters where it was given as that", async () => {
    const { error } = await failureOf(
      {},
      {
        transformer: {
          toModel: () => {
            throw new Error("not mine");
          },
          fromModel: (model: unknown) => model,
        },
        deadLetters: { capabilities, emit: () => Promise.resolve() },
      },
    );
    expect(error).toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringContaining("deadLetters.emit settled with undefined"),
    });
  });
});

describe("an emitter that does what it likes to the list of its entries loses none of them", () => {
  type Listed = { entries: { readonly output: Numbered }[] };

  it.each<[string, (batch: Listed, send: (part: Listed["entries"]) => void) => void]>([
    [
      "takes them off as it sends them",
      ({ entries }, send) => {
        while (entries.length > 0) send(entries.splice(0, 3));
      },
    ],
    [
      "empties the list before it sends them",
      ({ entries }, send) => {
        const all = [...entries];
        entries.length = 0;
        send(all.slice(0, 5));
        send(all.slice(5));
      },
    ],
    [
      "puts another list in its place",
      (batch, send) => {
        const all = batch.entries;
        batch.entries = [];
        send(all.slice(0, 5));
        send(all.slice(5));
      },
    ],
  ])("%s, with an outage in between", async (_, emitAll) => {
    const written = new Set<number>();
    let sends = 0;
    const { error, commits, retries } = await failureOf({
      // oxlint-disable-next-line typescript/require-await -- what it throws is to be a rejection
      emit: async (batch: Batch<Numbered>) => {
        // As code without types sees it.
        emitAll(batch as unknown as Listed, (part) => {
          sends += 1;
          if (sends === 2) throw new Error("the destination is away");
          for (const { output } of part) written.add(output.n);
        });
        return { failed: [] };
      },
    });
    expect([error, commits, retries]).toEqual([undefined, 1, 1]);
    expect([...written].toSorted((a, b) => a - b)).toEqual(numbers(10));
  });

  it("sorts them when it plans, and sends them in the order of the shard", async () => {
    const order: number[] = [];
    const { error } = await failureOf({
      plan: (batch: Batch<Numbered>) => {
        (batch as unknown as Listed).entries.reverse();
        return {};
      },
      emit: (batch: Batch<Numbered>) => {
        order.push(...batch.entries.map(({ output }) => output.n));
        return Promise.resolve({ failed: [] });
      },
    });
    expect(error).toBeUndefined();
    expect(order).toEqual(numbers(10));
  });
});

describe("a mistake in the code of an emitter", () => {
  it.each([
    ["TypeError", () => (undefined as unknown as { n: number }).n],
    [
      "ReferenceError",
      () => {
        throw new ReferenceError("nowhere is not defined");
      },
    ],
    ["RangeError", () => "x".repeat(-1)],
    [
      "TypeError",
      () => {
        throw new TypeError("Failed to parse URL", { cause: new TypeError("Invalid URL") });
      },
    ],
  ])("%s stops the shard at the first try, with the place", async (name, mistake) => {
    for (const emit of [
      () => {
        mistake();
        return Promise.resolve({ failed: [] });
      },
      async () => {
        await Promise.resolve();
        mistake();
        return { failed: [] };
      },
    ]) {
      const { error, commits, retries } = await failureOf({ emit });
      expect(error).toMatchObject({ code: "KC_EMITTER_BROKEN", cause: { name } });
      expect((error as Error).message).toMatch(
        new RegExp(`emitter.emit threw ${name} \\(at .*emitter-contract`),
      );
      expect({ commits, retries }).toEqual({ commits: 0, retries: 0 });
    }
  });

  it("is told from what the SDK throws of an answer that it cannot read", async () => {
    let calls = 0;
    const { error, retries } = await failureOf({
      emit: () => {
        calls += 1;
        if (calls > 3) return Promise.resolve({ failed: [] });
        const unread = new TypeError("Cannot read properties of undefined (reading 'Code')");
        Object.defineProperty(unread, "$response", { value: { statusCode: 502 } });
        return Promise.reject(unread);
      },
    });
    expect({ error, retries }).toEqual({ error: undefined, retries: 3 });
  });

  it("is told from a network that is away: fetch throws that as a TypeError, and it is an outage", async () => {
    const failures = await Promise.all([refusedFetch(), brokenBody(), resetFetch()]);
    for (const failure of failures) expect(failure).toBeInstanceOf(TypeError);
    const waiting = [...failures];
    const { error, retries } = await failureOf({
      emit: () => {
        const failure = waiting.shift();
        return failure === undefined ? Promise.resolve({ failed: [] }) : Promise.reject(failure);
      },
    });
    expect({ error, retries }).toEqual({ error: undefined, retries: 3 });
  });

  it("behind an abort is not looked at: what an emitter throws then is no matter", async () => {
    const world = createWorld(recordsOf(10));
    const run = runIn(
      world,
      definePipeline({
        transformer: json<Numbered>(),
        buffer: { maxRecords: 10 },
        emitter: {
          capabilities,
          emit: (_batch: Batch<Numbered>, { signal }: EmitContext<undefined>) =>
            new Promise<EmitResult<Numbered>>((_resolve, reject) => {
              signal.addEventListener("abort", () => reject(new TypeError("socket is null")));
              run.abort(new Error("the lease is gone"));
            }),
        },
      }),
    );
    await expect(world.clock.run(run.done)).rejects.toThrow("the lease is gone");
    expect(world.lease.progress.checkpoint).not.toEqual(positionOf(9));
  });
});

describe("a buffer of one's own that breaks its promise", () => {
  class Loose {
    readonly entries: unknown[] = [];
    fits = (): boolean => true;
    add = (entry: unknown): void => void this.entries.push(entry);
    shouldFlush = (): string | undefined => (this.entries.length === 10 ? "records" : undefined);
    dueMs = (): number | undefined => undefined;
    drain = (): unknown => this.entries.splice(0);
  }

  it.each<[string, () => object, string]>([
    [
      "loses an entry",
      () => Object.assign(new Loose(), { drain: () => [] }),
      "drain returned something else than the 10 entries",
    ],
    [
      "throws",
      () => Object.assign(new Loose(), { fits: () => (undefined as never)["x"] }),
      "fits threw TypeError",
    ],
    [
      "is due at NaN",
      () => Object.assign(new Loose(), { dueMs: () => Number.NaN }),
      "dueMs returned a number",
    ],
    [
      "flushes for true",
      () => Object.assign(new Loose(), { shouldFlush: () => true }),
      "shouldFlush returned a boolean",
    ],
  ])("%s stops the shard, and makes no record poison", async (_name, buffer, message) => {
    const deadLetters = { capabilities, emit: () => Promise.resolve({ failed: [] }) };
    const { error, commits } = await failureOf({}, { buffer, deadLetters });
    expect(error).toMatchObject({ code: "KC_BUFFER_BROKEN", message: expect.stringContaining(message) });
    expect(commits).toBe(0);
  });

  it("is one for all shards", async () => {
    const one = new Loose();
    const { error } = await failureOf({}, { buffer: () => one });
    expect(error).toMatchObject({ code: "KC_OPTION_INVALID", message: expect.stringContaining("twice") });
  });
});

/** What fetch rejects with where nobody listens. */
async function refusedFetch(): Promise<unknown> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = urlOf(server);
  await new Promise((resolve) => server.close(resolve));
  return await fetch(url).catch((thrown: unknown) => thrown);
}

/** What reading a body rejects with that breaks off. */
async function brokenBody(): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      setImmediate(() => socket.destroy());
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    const answer = await fetch(urlOf(server));
    return await answer.text().catch((thrown: unknown) => thrown);
  } finally {
    server.close();
  }
}

/** What fetch rejects with when the connection is reset before an answer. */
async function resetFetch(): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resetAndDestroy();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    return await fetch(urlOf(server)).catch((thrown: unknown) => thrown);
  } finally {
    server.close();
  }
}

function urlOf(server: ReturnType<typeof createServer>): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server without a port");
  return `http://127.0.0.1:${address.port}/`;
}
