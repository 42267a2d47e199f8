import {
  asError,
  backoffMs,
  hasCode,
  KinesisConnectorError,
  type Pipeline,
  type ShardEvent,
  sleep,
} from "@kinesis-connectors/core";
import { CheckpointTrail } from "./checkpoint-trail.js";
import type { Emitters } from "./emitters.js";
import type { Journal } from "./journal.js";
import { ABORT_LIMIT_MS, BACK_OFF, GONE_LIMIT_MS, LOOK_MS } from "./limits.js";
import type { ChildSettings } from "./options.js";
import type { Daemon } from "./protocol/daemon.js";
import { broken, type DaemonAction } from "./protocol/messages.js";
import { Repeats } from "./repeats.js";
import { type RunEnd, ShardRun } from "./shard-run.js";
import { within } from "./within.js";

/** What a worker of the KCL says whose lease has gone to another one (`ShardRecordProcessorCheckpointer`). */
const LEASE_IS_GONE = "ShutdownException";

/** What a child is made of. */
export interface KclChildParts<Model, Output, Plan, DeadLetterPlan> {
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly settings: ChildSettings;
  readonly daemon: Daemon;
  readonly journal: Pick<Journal, "take" | "isEnded">;
  readonly emitters: Pick<Emitters, "open">;
  readonly observe: (event: ShardEvent) => void;
}

type Initialize = Extract<DaemonAction, { action: "initialize" }>;
type ProcessRecords = Extract<DaemonAction, { action: "processRecords" }>;

/**
 * The child of a daemon, for the one shard that it is started for. Each action of the daemon is answered when it is done, and the row of the journal comes
 * first: the daemon's own checkpoint follows it and is never ahead, so the daemon always begins at or before the place where the row has come to.
 */
export class KclChild<Model, Output, Plan, DeadLetterPlan> {
  readonly #parts: KclChildParts<Model, Output, Plan, DeadLetterPlan>;
  readonly #trail: CheckpointTrail;
  readonly #repeats: Repeats;
  /** Aborted when the daemon is gone, or something has failed: nothing is waited for any more. */
  readonly #ending = new AbortController();
  /** Aborted: the row is not taken any more, and let go of where it has been. */
  readonly #leaving = new AbortController();
  readonly #failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #run: ShardRun | undefined;
  #busyWith: DaemonAction["action"] | undefined;
  #handling: Promise<void> = Promise.resolve();
  /** Since when pages come that nobody takes any more. */
  #uselessSinceMs: number | undefined;
  /** What said that the shard is over for this child. */
  #overBy: "shardEnded" | "leaseLost" | undefined;

  constructor(parts: KclChildParts<Model, Output, Plan, DeadLetterPlan>) {
    this.#parts = parts;
    this.#trail = new CheckpointTrail(parts.daemon, parts.settings);
    this.#repeats = new Repeats(parts.settings);
    this.#failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    // Looked at by `serve`, which may not have begun.
    this.#failed.catch(() => undefined);
  }

  /** Does what the daemon says until it is gone, or has nothing more to say. Rejects with what nothing but somebody's help mends. */
  async serve(): Promise<void> {
    try {
      const listening = this.#parts.daemon.listen((action) => this.#take(action));
      await Promise.race([listening, this.#failed]);
      this.#ending.abort(new Error("the daemon is gone"));
      await this.#windUp();
    } catch (thrown) {
      this.#ending.abort(thrown);
      this.#leaving.abort(thrown);
      if (this.#run !== undefined) await this.#abort(this.#run, asError(thrown));
      throw thrown;
    }
  }

  /** The daemon is gone without a word: what was read lands all the same, unless another child has the shard by now. */
  async #windUp(): Promise<void> {
    const run = this.#run;
    if (this.#leaving.signal.aborted) return;
    if (run === undefined) {
      this.#leaving.abort(new Error("the daemon is gone"));
      // An `open` that does not listen would keep a process without a daemon for ever.
      await within(this.#parts.settings.clock, ABORT_LIMIT_MS, this.#handling);
      return;
    }
    const end = await this.#stop(run);
    await this.#handling;
    if (end.type === "failed") throw end.error;
    if (end.type === "stopped") await run.release();
  }

  #take(action: DaemonAction): void {
    if (this.#busyWith !== undefined)
      throw broken(`has the action ${action.action} before ${this.#busyWith} was answered`);
    this.#busyWith = action.action;
    this.#handling = this.#handle(action).then(
      (isDone) => {
        if (!isDone) return;
        this.#busyWith = undefined;
        this.#parts.daemon.status(action.action);
      },
      (thrown: unknown) => {
        // Whatever was begun when the daemon went is over.
        if (!this.#ending.signal.aborted) this.#fail(thrown);
      },
    );
  }

  /** Resolves with whether the action is to be answered: what has failed is not. */
  async #handle(action: DaemonAction): Promise<boolean> {
    if (action.action === "initialize") return await this.#initialize(action);
    const run = this.#run;
    if (run === undefined) throw broken(`has the action ${action.action} before initialize`);
    switch (action.action) {
      case "processRecords":
        return await this.#processRecords(run, action);
      case "shardEnded":
        return await this.#shardEnded(run);
      case "shutdownRequested":
        return await this.#shutDown(run);
      default:
        return await this.#leaseLost(run);
    }
  }

  async #initialize({ shardId, checkpoint }: Initialize): Promise<boolean> {
    if (this.#run !== undefined) throw broken("has a second initialize");
    const { pipeline, settings, journal, emitters, observe } = this.#parts;
    const { logger } = settings;
    const { signal } = this.#leaving;
    await emitters.open(signal);
    const held = await journal.take({ shardId, checkpoint }, signal);
    signal.throwIfAborted();
    this.#trail.begin(checkpoint);
    this.#begin(ShardRun.start({ shardId, held, pipeline, settings, observe }));
    logger.info({ shardId, daemonCheckpoint: checkpoint, checkpoint: held.lease.checkpoint }, "shard-start");
    return true;
  }

  #begin(run: ShardRun): void {
    this.#run = run;
    void run.end.then((end) => {
      if (end.type === "failed") this.#fail(end.error);
      if (end.type === "lost")
        this.#parts.settings.logger.warn(
          { shardId: run.shardId, reason: end.error.message },
          "another child has the shard; nothing more is written here, and the daemon is waited for to learn of it",
        );
    });
  }

  async #processRecords(run: ShardRun, handed: ProcessRecords): Promise<boolean> {
    // Answered, they would count as delivered.
    if (this.#overBy !== undefined) throw broken(`has records after ${this.#overBy}`);
    const page = this.#repeats.without(run.shardId, handed);
    this.#trail.delivered(page.records.at(-1));
    await run.give(page);
    if (run.ended === undefined || run.ended.type === "done") {
      await this.#trail.follow(run);
      return true;
    }
    return this.#mayGoOn(run, run.ended);
  }

  /**
   * Pages of a shard that is ours no more are passed over, and no checkpoint of the daemon covers them. A lease that went to another worker is known to
   * the daemon soon; where it is not, only a new start of the daemon gets at these records.
   */
  #mayGoOn(run: ShardRun, end: RunEnd): boolean {
    if (end.type === "failed") return false;
    const { clock } = this.#parts.settings;
    this.#uselessSinceMs ??= clock.monotonicNow();
    const uselessMs = clock.monotonicNow() - this.#uselessSinceMs;
    if (uselessMs < GONE_LIMIT_MS) return true;
    throw new KinesisConnectorError(
      "KC_LEASE_LOST",
      `${run.shardId}: the daemon has gone on with the shard for ${Math.round(uselessMs / 1_000)} s after this child had to let go of its row ` +
        "in the journal; the daemon is ended, and its next start takes the shard again from the last checkpoint. Is another daemon of the same application " +
        "at work with a lease table of its own?",
    );
  }

  async #shardEnded(run: ShardRun): Promise<boolean> {
    this.#overBy = "shardEnded";
    const end = await this.#finished(run);
    if (end.type === "failed") return false;
    if (end.type === "stopped") return this.#mayGoOn(run, end);
    if (end.type === "lost") await this.#untilOthersEnd(run, end);
    const { clock, random, logger } = this.#parts.settings;
    // A shard whose daemon does not know that it has been read to its end keeps its children waiting.
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#parts.daemon.checkpoint(null);
      if (outcome.type !== "refused" || outcome.error === LEASE_IS_GONE) return true;
      logger.warn(
        { shardId: run.shardId, attempt, error: outcome.error },
        "the daemon could not store the end of the shard; it is asked again",
      );
      await sleep(clock, backoffMs(attempt, BACK_OFF, random), this.#ending.signal);
      if (this.#ending.signal.aborted) return false;
    }
  }

  /**
   * Where another child has the shard, that one is to bring it to its end. The daemon waits for that: told that the end has been dealt with, and without a
   * checkpoint of it, a daemon that still has its lease would never come to it (`ShutdownTask`).
   */
  async #untilOthersEnd(run: ShardRun, end: RunEnd): Promise<void> {
    const { journal, settings } = this.#parts;
    const { signal } = this.#ending;
    while (!(await journal.isEnded(run.shardId, signal))) {
      this.#mayGoOn(run, end);
      await sleep(settings.clock, LOOK_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #finished(run: ShardRun): Promise<RunEnd> {
    try {
      return await run.finish();
    } catch (thrown) {
      if (!hasCode(thrown, "KC_LEASE_LOST")) throw thrown;
      return { type: "lost", error: thrown };
    }
  }

  async #shutDown(run: ShardRun): Promise<boolean> {
    const end = await this.#stop(run);
    if (end.type === "failed") return false;
    if (run.isHeld) await this.#trail.follow(run);
    await run.release();
    this.#leaving.abort(new Error("the daemon stops"));
    return true;
  }

  async #leaseLost(run: ShardRun): Promise<boolean> {
    this.#overBy = "leaseLost";
    const reason = new KinesisConnectorError(
      "KC_LEASE_LOST",
      `${run.shardId}: the daemon has lost the lease of the shard; its owner goes on from the last checkpoint`,
    );
    const end = await this.#abort(run, reason);
    this.#leaving.abort(reason);
    return end.type !== "failed";
  }

  /** A graceful stop; at its deadline what is under way is left to the next child. */
  async #stop(run: ShardRun): Promise<RunEnd> {
    const { clock, logger, stopDeadlineMs } = this.#parts.settings;
    run.stop();
    const inTime = await within(clock, stopDeadlineMs, run.end);
    if (inTime !== undefined) return inTime;
    logger.warn(
      { shardId: run.shardId, stopDeadlineMs },
      "the deadline of the stop has passed; what is under way is left to the next child",
    );
    return await this.#abort(
      run,
      new KinesisConnectorError(
        "KC_STOP_DEADLINE",
        `${run.shardId}: not everything was delivered within ${stopDeadlineMs} ms; the next child goes on from the last checkpoint`,
      ),
    );
  }

  /** Ends the engine at once. An emitter that does not listen keeps nobody from leaving: the row is let go of before anybody else may have it. */
  async #abort(run: ShardRun, reason: Error): Promise<RunEnd> {
    run.abort(reason);
    const { clock } = this.#parts.settings;
    return (await within(clock, ABORT_LIMIT_MS, run.end)) ?? run.abandon();
  }
}
