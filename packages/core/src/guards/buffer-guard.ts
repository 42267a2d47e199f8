import type { BufferEntry, FlushReason } from "../batch.js";
import { mistake } from "./blame.js";
import type { Buffer } from "../buffer.js";
import { asError, KinesisConnectorError } from "../errors.js";
import { hasMembers, shown } from "../options.js";

const FUNCTIONS = ["fits", "add", "shouldFlush", "dueMs", "drain"] as const;

/**
 * Buffers of the user's own, each held against what `Buffer` promises: what is added comes out again, all of it, in order, once. Anything else would be
 * records lost or doubled without a word, so it stops the shard with `KC_BUFFER_BROKEN`.
 */
export function guardedBuffers<Output>(create: () => Buffer<Output>): () => Buffer<Output> {
  const given = new WeakSet<object>();
  return () => {
    const buffer: Buffer<Output> = create();
    requireBuffer(buffer);
    if (given.has(buffer)) {
      throw new KinesisConnectorError(
        "KC_OPTION_INVALID",
        "buffer returned the same buffer twice; it must make a new one at each call, because each shard has its own",
      );
    }
    given.add(buffer);
    return new GuardedBuffer<Output>(buffer);
  };
}

function requireBuffer(buffer: unknown): void {
  for (const name of FUNCTIONS) {
    if (!hasMembers(buffer) || typeof buffer[name] !== "function") {
      throw new KinesisConnectorError(
        "KC_OPTION_INVALID",
        `buffer must return a buffer, but what it returned has no function ${name}`,
      );
    }
  }
}

class GuardedBuffer<Output> implements Buffer<Output> {
  readonly #buffer: Buffer<Output>;
  #added: BufferEntry<Output>[] = [];

  constructor(buffer: Buffer<Output>) {
    this.#buffer = buffer;
  }

  readonly fits = (records: number, bytes: number): boolean =>
    asked("fits", () => this.#buffer.fits(records, bytes));

  readonly add = (entry: BufferEntry<Output>, monotonicNowMs: number): void => {
    this.#added.push(entry);
    asked("add", () => this.#buffer.add(entry, monotonicNowMs));
  };

  readonly shouldFlush = (monotonicNowMs: number): FlushReason | undefined => {
    const reason = asked("shouldFlush", () => this.#buffer.shouldFlush(monotonicNowMs));
    if (reason === undefined || typeof reason === "string") return reason;
    throw broken(
      "shouldFlush",
      `returned ${shown(reason)}; it must return the reason to flush, or undefined`,
    );
  };

  readonly dueMs = (): number | undefined => {
    const dueMs = asked("dueMs", () => this.#buffer.dueMs());
    if (dueMs === undefined || (typeof dueMs === "number" && !Number.isNaN(dueMs))) return dueMs;
    throw broken(
      "dueMs",
      `returned ${shown(dueMs)}; it must return a moment on the monotonic clock, or undefined`,
    );
  };

  readonly drain = (): readonly BufferEntry<Output>[] => {
    const entries = asked("drain", () => this.#buffer.drain());
    const added = this.#added;
    const isWhole =
      Array.isArray(entries) &&
      entries.length === added.length &&
      added.every((entry, index) => entries[index] === entry);
    if (isWhole) {
      this.#added = [];
      // The same in a list of ours: the buffer may do to its own what it likes.
      return added;
    }
    // What did not come out stays noted, so that no later batch passes without it.
    throw broken(
      "drain",
      `returned something else than the ${added.length} entries that were added, each once and in order`,
    );
  };
}

function asked<Value>(name: string, call: () => Value): Value {
  try {
    return call();
  } catch (thrown) {
    throw broken(name, mistake(asError(thrown)), thrown);
  }
}

function broken(name: string, what: string, cause?: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_BUFFER_BROKEN",
    `the buffer's ${name} ${what}. Nothing is committed behind it: mend the buffer and start again`,
    cause === undefined ? undefined : { cause },
  );
}
