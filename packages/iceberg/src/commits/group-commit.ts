import { backoffMs, sleep } from "@kinesis-connectors/core";
import type { CatalogContext } from "../catalog/catalog.js";
import { MAX_CONFLICTS, MAX_FILES_PER_COMMIT } from "../limits.js";
import type { TableStore } from "../manifests/manifest-store.js";
import type { Append, AppendOutcome } from "./append.js";
import { type CurrentTable, missingTable } from "./current-table.js";
import { commitOf, sortAppends } from "./one-commit.js";
import { newSnapshotId, type NewManifest, writeManifests } from "./snapshot.js";

const BACKOFF = { baseDelayMs: 50, maxDelayMs: 5_000 };

/** Settings of the commits of a table. */
export interface CommitSettings {
  /** From one commit of this process to the next, at least. */
  readonly commitEveryMs: number;
  /** How long the stream keeps its records. */
  readonly retentionMs: number;
}

interface Waiting {
  readonly append: Append;
  readonly settle: (outcome: AppendOutcome) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * The commits of this process to one table, one after the other. What comes while one is under way, or before the next is due, goes into the next
 * one together: writers that commit each by itself are mostly in each other's way.
 */
export class GroupCommit {
  readonly #table: CurrentTable;
  readonly #settings: CommitSettings;
  readonly #storeOf: (context: CatalogContext) => TableStore;
  #waiting: Waiting[] = [];
  #isRunning = false;
  /** On the clock of ages, when the last commit was under way. */
  #lastMs: number | undefined;
  #hurry: (() => void) | undefined;

  constructor(
    table: CurrentTable,
    settings: CommitSettings,
    storeOf: (context: CatalogContext) => TableStore,
  ) {
    this.#table = table;
    this.#settings = settings;
    this.#storeOf = storeOf;
  }

  /** Adds files and moves a position, in one commit. Rejects when nothing is known, with `KC_EMIT_REFUSED`, or with the reason of the append's own signal. */
  async append(append: Append): Promise<AppendOutcome> {
    const { signal } = append.context;
    signal.throwIfAborted();
    let leave = (): void => undefined;
    const settled = new Promise<AppendOutcome>((resolve, reject) => {
      const waiting: Waiting = { append, settle: resolve, fail: reject };
      leave = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the caller's own reason
        reject(signal.reason);
      };
      this.#waiting.push(waiting);
    });
    signal.addEventListener("abort", leave, { once: true });
    if (append.isUrgent) this.#hurry?.();
    void this.#run();
    try {
      return await settled;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        await this.#untilDue(first.append.context);
        await this.#commit(this.#take());
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Waits until the next commit is due; an urgent append comes at once, with all that wait. */
  async #untilDue({ clock }: CatalogContext): Promise<void> {
    const { commitEveryMs } = this.#settings;
    const sinceMs = this.#lastMs === undefined ? commitEveryMs : clock.monotonicNow() - this.#lastMs;
    if (sinceMs >= commitEveryMs || this.#waiting.some(({ append }) => append.isUrgent)) return;
    const hurried = new AbortController();
    this.#hurry = () => hurried.abort();
    await sleep(clock, commitEveryMs - sinceMs, hurried.signal);
    this.#hurry = undefined;
  }

  #take(): readonly Waiting[] {
    let files = 0;
    const taken = this.#waiting.filter(({ append }, nth) => {
      files += append.files.length;
      return nth === 0 || files <= MAX_FILES_PER_COMMIT;
    });
    this.#waiting = this.#waiting.filter((one) => !taken.includes(one));
    return taken;
  }

  /** Settles all of them. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const { clock } = first.append.context;
    this.#lastMs = clock.monotonicNow();
    const all = new GroupSignal(group.map(({ append }) => append.context.signal));
    const context = { ...first.append.context, signal: all.signal };
    const left = new Map(group.map((waiting) => [waiting.append, waiting]));
    try {
      await this.#commitAll(left, context);
    } catch (error) {
      this.#table.forget();
      for (const { fail } of left.values()) fail(error);
    } finally {
      all.forget();
    }
  }

  async #commitAll(left: Map<Append, Waiting>, context: CatalogContext): Promise<void> {
    const store = this.#storeOf(context);
    let manifests: readonly NewManifest[] = [];
    let written: readonly Append[] = [];
    for (let conflicts = 0; ;) {
      const table = conflicts === 0 ? await this.#table.recent(context) : await this.#table.load(context);
      // An append whose shard is lost settled already.
      for (const append of left.keys()) if (append.context.signal.aborted) left.delete(append);
      const { fitting, settled } = sortAppends([...left.keys()], table);
      for (const [append, outcome] of settled) settle(left, append, outcome);
      if (fitting.length === 0) return;
      // Another parent takes another list; the manifests stay.
      if (written.length !== fitting.length || !fitting.every((append, nth) => written[nth] === append)) {
        manifests = await writeManifests(
          fitting.flatMap(({ files }) => files),
          table.metadata,
          store,
        );
        written = fitting;
      }
      const { retentionMs } = this.#settings;
      const snapshotId = newSnapshotId(table.metadata, context.random);
      const commit = await commitOf(fitting, manifests, table.metadata, { snapshotId, retentionMs }, store);
      context.signal.throwIfAborted();
      const answer = await this.#table.catalog.commitTable(this.#table.id, commit, context);
      if (answer.type === "applied") {
        this.#table.see(answer.table, context);
        for (const append of fitting) settle(left, append, "added");
        return;
      }
      this.#table.forget();
      if (answer.type === "missing") throw missingTable(this.#table.name);
      conflicts += 1;
      this.#tell(conflicts, answer.type === "unknown" ? answer.error : undefined, context);
      if (conflicts >= MAX_CONFLICTS)
        throw new Error(
          `${conflicts} commits to ${this.#table.name} were not applied: other writers are ahead each time, or the catalog does not answer`,
        );
      await sleep(context.clock, backoffMs(conflicts, BACKOFF, context.random), context.signal);
      context.signal.throwIfAborted();
    }
  }

  #tell(conflicts: number, error: Error | undefined, { logger }: CatalogContext): void {
    const table = this.#table.name;
    if (error === undefined)
      logger.debug({ table, conflicts }, "another writer was ahead; looking at the table again");
    else
      logger.warn(
        { table, error: error.message },
        "it is not known whether a commit was applied; looking at the table",
      );
  }
}

function settle(left: Map<Append, Waiting>, append: Append, outcome: AppendOutcome): void {
  left.get(append)?.settle(outcome);
  left.delete(append);
}

/** Aborted when all of several signals are: a commit is of use as long as one of its shards is held. */
class GroupSignal {
  readonly #controller = new AbortController();
  readonly #signals: readonly AbortSignal[];

  constructor(signals: readonly AbortSignal[]) {
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener("abort", this.#look, { once: true });
    this.#look();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  forget(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#look);
  }

  readonly #look = (): void => {
    const first = this.#signals[0];
    if (this.#signals.every(({ aborted }) => aborted)) this.#controller.abort(first?.reason);
  };
}
