import { ownLeaseTable } from "@kinesis-connectors/consumer/dynamodb-leases";
import { invalidOption } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";

import { checkMappings } from "../mapping/check-mapping.js";
import type { ListMappings, MappingQuestion } from "../mapping/event-source-mapping.js";
import type { HandlerSettings } from "../options.js";

/** A look at the mapping is believed for so long, in milliseconds: after an outage much comes again at once, and Lambda throttles who asks too often. */
const BELIEVED_MS = 10_000;

/** What has been found out about a mapping. */
export interface MappingFacts {
  /** Whether an answer may name where to go on. */
  readonly reportsFailures: boolean;
}

/**
 * What a sandbox does once: its destinations and its table are opened, its mapping is looked at. Each part that fails is tried again by the next invocation,
 * and none that succeeded.
 */
export class ColdStart<Model, Output, Plan, DeadLetterPlan> {
  readonly #settings: HandlerSettings<Model, Output, Plan, DeadLetterPlan>;
  readonly #once = new Map<string, Promise<unknown>>();
  readonly #looked = new Map<string, { readonly facts: MappingFacts; readonly atMs: number }>();
  readonly #said = new Set<string>();
  readonly #list: ListMappings;
  readonly #table: LeaseTable | undefined;
  readonly #checkEndpoint: () => Promise<unknown>;

  /** @throws KinesisConnectorError `KC_OPTION_INVALID` */
  constructor(settings: HandlerSettings<Model, Output, Plan, DeadLetterPlan>) {
    this.#settings = settings;
    const { leaseTable, connection, clock } = settings;
    this.#list =
      settings.listMappings ??
      (async (question) => {
        // Not loaded where the mapping is stated.
        const { listMappingsBy } = await import("../mapping/list-mappings.js");
        return await listMappingsBy(connection, clock)(question);
      });
    if (typeof leaseTable === "string") {
      const own = ownTable(settings, leaseTable);
      this.#table = own.table;
      this.#checkEndpoint = own.checkEndpoint;
    } else {
      this.#table = leaseTable === false ? undefined : leaseTable;
      this.#checkEndpoint = () => Promise.resolve();
    }
  }

  /** Where the rows are; undefined without rows. */
  get table(): LeaseTable | undefined {
    return this.#table;
  }

  /**
   * Makes ready what is not.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` where the mapping cannot work, or nobody says that it can; `KC_LEASE_TABLE`; what the `open` of an emitter throws
   */
  async ready(question: MappingQuestion): Promise<MappingFacts> {
    const { signal } = question;
    const { pipeline, logger } = this.#settings;
    const facts = await this.#doOnce(keyOf(question), signal, () => this.#lookAt(question));
    await this.#doOnce("table", signal, async () => {
      await this.#checkEndpoint();
      await this.#table?.open(signal);
    });
    await this.#doOnce("emitter", signal, async () => await pipeline.emitter.open?.({ signal, logger }));
    await this.#doOnce(
      "dead letters",
      signal,
      async () => await pipeline.deadLetters?.open?.({ signal, logger }),
    );
    return facts;
  }

  /** What is known of the mapping without asking: what was stated, or looked at a moment ago. */
  believed({ functionArn, eventSourceArn }: MappingQuestion): MappingFacts | undefined {
    const { isFactorStated, reportBatchItemFailures, clock } = this.#settings;
    if (isFactorStated) return { reportsFailures: reportBatchItemFailures === true };
    const looked = this.#looked.get(keyOf({ functionArn, eventSourceArn }));
    return looked !== undefined && clock.monotonicNow() - looked.atMs < BELIEVED_MS
      ? looked.facts
      : undefined;
  }

  /**
   * Looks at the mapping once more, unless what is known of it is believed: mappings change while sandboxes are warm.
   * @throws as `ready` does for a mapping
   */
  async lookAgain(question: MappingQuestion): Promise<MappingFacts> {
    const believed = this.believed(question);
    if (believed !== undefined) return believed;
    const key = keyOf(question);
    this.#once.delete(key);
    return await this.#doOnce(key, question.signal, () => this.#lookAt(question));
  }

  async #doOnce<Result>(what: string, signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
    const known = this.#once.get(what) as Promise<Result> | undefined;
    if (known !== undefined) return await known;
    const doing = run();
    this.#once.set(what, doing);
    const forget = (): void => {
      if (this.#once.get(what) === doing) this.#once.delete(what);
    };
    // What hangs beyond the end of its invocation keeps no other one waiting.
    signal.addEventListener("abort", forget, { once: true });
    try {
      return await doing;
    } catch (thrown) {
      forget();
      throw thrown;
    } finally {
      signal.removeEventListener("abort", forget);
    }
  }

  async #lookAt(question: MappingQuestion): Promise<MappingFacts> {
    const { isFactorStated, reportBatchItemFailures, pipeline, logger, clock } = this.#settings;
    if (isFactorStated) return { reportsFailures: reportBatchItemFailures === true };
    const hasRows = this.#table !== undefined;
    const prepares =
      hasRows && (pipeline.emitter.plan !== undefined || pipeline.deadLetters?.plan !== undefined);
    const atMs = clock.monotonicNow();
    const mappings = await this.#list(question);
    if (mappings === undefined || mappings.length === 0) {
      if (hasRows) throw unknownMapping(mappings === undefined);
      return { reportsFailures: reportBatchItemFailures === true };
    }
    const { refusal, warnings, reportsFailures } = checkMappings(mappings, { hasRows, prepares });
    if (refusal !== undefined) throw refusal;
    for (const warning of warnings) {
      if (!this.#said.has(warning)) logger.warn({ function: question.functionArn }, warning);
      this.#said.add(warning);
    }
    const facts: MappingFacts = { reportsFailures };
    this.#looked.set(keyOf(question), { facts, atMs });
    return facts;
  }
}

function keyOf({ functionArn, eventSourceArn }: Omit<MappingQuestion, "signal">): string {
  return `mapping ${functionArn} ${eventSourceArn}`;
}

function unknownMapping(isRefused: boolean): Error {
  return invalidOption(
    (isRefused
      ? "the function may not look at its event source mappings"
      : "the function has no event source mapping from this stream, and is called by something else") +
      ", and a ParallelizationFactor of more than 1 would lose records: " +
      (isRefused ? "allow it lambda:ListEventSourceMappings, or state " : "state ") +
      "parallelizationFactor: 1, and that the mapping has it and no FilterCriteria",
  );
}

function ownTable<Model, Output, Plan, DeadLetterPlan>(
  { connection, application, logger, clock, random }: HandlerSettings<Model, Output, Plan, DeadLetterPlan>,
  tableName: string,
) {
  return ownLeaseTable({
    tableName,
    application,
    region: connection.region,
    endpoint: connection.endpoints.dynamodb,
    credentials: connection.credentials,
    allowInsecure: connection.allowInsecure,
    proxy: connection.proxy,
    logger,
    clock,
    random,
  });
}
