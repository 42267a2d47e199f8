import { ownLeaseTable } from "@kinesis-connectors/consumer/dynamodb-leases";
import { invalidOption } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";

import { checkMappings } from "../mapping/check-mapping.js";
import type { ListMappings, MappingQuestion } from "../mapping/event-source-mapping.js";
import type { HandlerSettings } from "../options.js";

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
    const facts = await this.#doOnce(`mapping ${question.functionArn} ${question.eventSourceArn}`, () =>
      this.#lookAt(question),
    );
    await this.#doOnce("table", async () => {
      await this.#checkEndpoint();
      await this.#table?.open(signal);
    });
    await this.#doOnce("emitter", async () => await pipeline.emitter.open?.({ signal, logger }));
    await this.#doOnce("dead letters", async () => await pipeline.deadLetters?.open?.({ signal, logger }));
    return facts;
  }

  async #doOnce<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
    const known = this.#once.get(what) as Promise<Result> | undefined;
    if (known !== undefined) return await known;
    const doing = run();
    this.#once.set(what, doing);
    try {
      return await doing;
    } catch (thrown) {
      this.#once.delete(what);
      throw thrown;
    }
  }

  async #lookAt(question: MappingQuestion): Promise<MappingFacts> {
    const { isFactorStated, reportBatchItemFailures, pipeline, logger } = this.#settings;
    if (isFactorStated) return { reportsFailures: reportBatchItemFailures === true };
    const hasRows = this.#table !== undefined;
    const prepares =
      hasRows && (pipeline.emitter.plan !== undefined || pipeline.deadLetters?.plan !== undefined);
    const mappings = await this.#list(question);
    if (mappings === undefined || mappings.length === 0) {
      if (hasRows) throw unknownMapping(mappings === undefined);
      return { reportsFailures: reportBatchItemFailures === true };
    }
    const { refusal, warnings, reportsFailures } = checkMappings(mappings, { hasRows, prepares });
    if (refusal !== undefined) throw refusal;
    for (const warning of warnings) logger.warn({ function: question.functionArn }, warning);
    return { reportsFailures };
  }
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
