import { FORMAT_FIELD } from "./script.js";
import type { Connection } from "./connection.js";

/** Changed before each question: WAIT asks for the replicas that have the last write of its own connection. */
const SEEN_FIELD = `${FORMAT_FIELD}-waited`;

/** What waits for replicas. */
export interface ReplicasOptions {
  readonly connection: Connection;
  readonly key: string;
  readonly count: number;
  readonly timeoutMs: number;
}

/** Waits until enough replicas have what was written. Those who wait at the same time share one question. */
export class Replicas {
  readonly #options: ReplicasOptions;
  #asking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /**
   * Resolves once enough replicas have all that this connection has written or read before the call.
   * @throws Error when they have not in time: a failover may forget it
   */
  async haveIt(): Promise<void> {
    if (this.#options.count === 0) return;
    // The question that is under way may have been asked before the write.
    this.#next ??= this.#ask(this.#asking);
    await this.#next;
  }

  async #ask(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    const asking = this.#question();
    this.#asking = asking;
    this.#next = undefined;
    await asking;
  }

  async #question(): Promise<void> {
    const { connection, key, count, timeoutMs } = this.#options;
    const waitMs = Math.max(1, Math.floor(timeoutMs / 2));
    const have = await connection.use(timeoutMs, async (client) => {
      const [, answer] = await Promise.all([
        client.hset(key, SEEN_FIELD, "1"),
        client.call("WAIT", `${count}`, `${waitMs}`),
      ]);
      return Number(answer);
    });
    if (have < count)
      throw new Error(`only ${have} of ${count} replicas had the write within ${waitMs} ms (waitReplicas)`);
  }
}
