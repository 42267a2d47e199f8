import {
  type EmitContext,
  type Emitter,
  type FailedEntry,
  KinesisConnectorError,
  type KinesisRecord,
  nonEmptyText,
  systemClock,
  wholeNumber,
  checkOptions,
  type OptionNames,
} from "@kinesis-connectors/core";
import { type RecordVersion, RENEW_CURE } from "@kinesis-connectors/aws";
import type { BulkOperation } from "./bulk-body.js";
import { connect, type OpenSearchConnection, type OpenSearchConnectionOptions } from "./connection.js";
import { type BulkDocument, documentWriter } from "./documents.js";
import {
  FILTER_PATH,
  itemError,
  type ItemOutcome,
  itemOutcomesOf,
  outageError,
  refusal,
  requestFailureOf,
} from "./failures.js";
import { indexNamerOf } from "./index-name.js";
import { DEFAULT_MAX_REQUEST_BYTES, DEFAULT_MAX_REQUEST_DOCUMENTS, MAX_CONTENT_BYTES } from "./limits.js";
import { splitIntoRequests } from "./requests.js";
import { latestVersions } from "./versions.js";

/** Options of `openSearchEmitter`. */
export interface OpenSearchEmitterOptions<Document extends object> extends OpenSearchConnectionOptions {
  /**
   * Name of the index, alias or data stream; dates between braces are of the record's arrival in UTC: `clicks-{yyyy.MM.dd}`. Or a pure
   * function that names it for each document: a document whose index cannot be goes to the dead letters then.
   */
  readonly index: string | ((document: Document, record: KinesisRecord) => string);
  /**
   * Names a document, in 1 to 512 bytes; several documents of one id are versions of it. Must be pure. Default: the record's position,
   * `<shardId>-<sequence>.<sub>`, so that each record is one document whoever writes it and however often.
   *
   * `"auto"` leaves the id to the service, for collections of OpenSearch Serverless that take none of the caller's (time series, vector search): a record that
   * is written again, after a lost answer or by the next owner, is one more document then.
   */
  readonly id?: ((document: Document, record: KinesisRecord) => string) | "auto";
  /**
   * `index` writes over what is there, `create` leaves it as it is (a document that is there counts as written). Default `index`.
   */
  readonly operation?: "index" | "create";
  /** The index is a data stream: documents are created, and each needs an `@timestamp`. Default false. */
  readonly dataStream?: boolean;
  /**
   * `guarded`: a document is replaced by a later one only, by its position in the stream, which is stored with it in `positionField`.
   * Takes inline scripts. Default `none`: among versions in one batch the last one stays, and between batches whoever writes last.
   */
  readonly ordering?: "none" | "guarded";
  /**
   * For `guarded`, the version that a record has of its own, for streams that repeat or reorder records, such as those of changes: a document is
   * replaced by one of a later version only, and among equal ones by a later position. Whole numbers of up to 40 digits (also as texts), or texts that are
   * compared byte by byte, of up to 128 visible characters of ASCII; one of the two for all records. Must be pure. A record without one is a dead letter.
   * Default: the position alone.
   */
  readonly version?: (document: Document, record: KinesisRecord) => RecordVersion;
  /** Field of the position for `guarded`, and of the version before it; map it as `keyword`. Default `kcPosition`. */
  readonly positionField?: string;
  /** Bytes of one bulk request before compression; a larger document goes alone. Default 5 MiB, up to 100 MiB. */
  readonly maxRequestBytes?: number;
  /** Documents of one bulk request. Default 5,000. */
  readonly maxRequestDocuments?: number;
}

const NAMES: OptionNames<OpenSearchEmitterOptions<object>> = {
  node: "required",
  aws: { region: true, service: true, credentials: true },
  auth: { username: true, password: true, apiKey: true },
  ca: true,
  allowInsecure: true,
  compression: true,
  requestTimeoutMs: true,
  maxSockets: true,
  proxy: true,
  index: "required",
  id: true,
  operation: true,
  dataStream: true,
  ordering: true,
  version: true,
  positionField: true,
  maxRequestBytes: true,
  maxRequestDocuments: true,
};

/**
 * Writes each output as one document, through `_bulk`. Ids come from the records' positions, so writing a batch again changes nothing.
 *
 * @example
 * ```ts
 * const emitter = openSearchEmitter<Click>({
 *   node: "https://search-clicks.eu-central-1.es.amazonaws.com",
 *   aws: { region: "eu-central-1" },
 *   index: "clicks-{yyyy.MM.dd}",
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function openSearchEmitter<Document extends object>(
  options: OpenSearchEmitterOptions<Document>,
  /** @internal What requests go through: a simulation answers them in memory. */
  connectTo: (options: OpenSearchConnectionOptions) => OpenSearchConnection = connect,
): Emitter<Document> {
  checkOptions("openSearchEmitter", options, NAMES);
  const { index } = options;
  const operation = operationOf(options);
  const isChosen = options.id === "auto";
  const id = options.id === "auto" ? undefined : options.id;
  const limits = {
    maxBytes: wholeNumber("maxRequestBytes", options.maxRequestBytes ?? DEFAULT_MAX_REQUEST_BYTES, {
      min: 1,
      max: MAX_CONTENT_BYTES,
    }),
    maxCount: wholeNumber(
      "maxRequestDocuments",
      options.maxRequestDocuments ?? DEFAULT_MAX_REQUEST_DOCUMENTS,
      {
        min: 1,
      },
    ),
  };
  const namedByRecord = typeof index === "function";
  const byArrival = namedByRecord ? undefined : indexNamerOf(index);
  const positionField = nonEmptyText("positionField", options.positionField ?? "kcPosition");
  const about = {
    operation,
    namedByRecord,
    positionField: operation === "guarded" ? positionField : undefined,
  };
  const prepare = documentWriter<Document>({
    operation,
    indexOf: (document, record) => (namedByRecord ? index(document, record) : (byArrival?.(record) ?? "")),
    idOf: isChosen ? "auto" : id,
    version: options.version,
    positionField,
  });
  const connection = connectTo(options);
  const { host } = connection;

  /** Sends documents as one request, and as smaller ones where the service takes it only so. */
  const send = async (
    documents: readonly BulkDocument<Document>[],
    context: EmitContext<undefined>,
  ): Promise<readonly ItemOutcome[]> => {
    const body = documents.map(({ lines }) => lines).join("");
    for (let renewed = false; ; renewed = true) {
      const answer = await connection.send(
        { method: "POST", path: "/_bulk", query: { filter_path: FILTER_PATH }, body },
        context,
      );
      const { status } = answer;
      const failure = requestFailureOf(answer, about);
      if (failure === undefined) {
        const outcomes = itemOutcomesOf(answer.body, documents, about);
        if (outcomes === undefined) throw outageError(status, "unreadable_answer");
        return outcomes;
      }
      if (failure.kind === "outage") throw outageError(status, failure.type, failure.cure);
      if (failure.kind === "refused") throw refusal(host, status, failure.type, failure.cure);
      if (failure.kind === "split") {
        if (documents.length === 1) return [{ kind: "dead-letter", status, type: failure.type }];
        const half = Math.ceil(documents.length / 2);
        const first = await send(documents.slice(0, half), context);
        return [...first, ...(await send(documents.slice(half), context))];
      }
      // Others would have come by now if there were any; where they are fetched, that is an outage of whoever has them.
      if (renewed) throw outageError(status, failure.type);
      if (!connection.renewCredentials()) throw refusal(host, status, failure.type, RENEW_CURE);
    }
  };

  return {
    capabilities: {
      // A data stream knows an id within its newest backing index only: a rollover between two attempts lets it in twice. Ids that the service
      // chooses tell it nothing.
      duplicates: options.dataStream === true || isChosen ? "possible" : "none",
      ordering: operation === "guarded" ? "shard" : "none",
    },

    emit: async (batch, context) => {
      const { documents, refused } = prepare(batch);
      const failed: FailedEntry<Document>[] = [...refused];
      let waiting: Error | undefined;
      let isSettled = refused.length > 0;
      const versions = latestVersions(documents, operation === "create" || isChosen);
      for (let wave = versions.latest(); wave.length > 0; wave = versions.latest()) {
        for (const request of splitIntoRequests(wave, limits)) {
          const outcomes = await send(request, context);
          for (const [place, outcome] of outcomes.entries()) {
            const document = request[place] as BulkDocument<Document>;
            if (outcome.kind === "refused") throw refusal(host, outcome.status, outcome.type, outcome.cure);
            if (outcome.kind === "written") {
              versions.settle(document);
              isSettled = true;
              continue;
            }
            const error = itemError(outcome);
            if (outcome.kind === "wait") waiting ??= error;
            if (outcome.kind === "dead-letter") isSettled = true;
            // A version that has to wait keeps the earlier ones waiting: should it never be taken, the one before it counts.
            const held =
              outcome.kind === "dead-letter" ? [versions.drop(document)] : versions.settle(document);
            const action = outcome.kind === "dead-letter" ? "dead-letter" : "retry";
            for (const { entry } of held) failed.push({ entry, action, error });
          }
        }
      }
      // The engine counts tries that settle nothing, and gives up what they refuse. Nobody refused what has to wait.
      if (waiting !== undefined && !isSettled) throw waiting;
      return { failed };
    },

    wouldDouble: ({ keepsPositions }) => {
      if (isChosen)
        return Promise.resolve(
          "documents of the same records, as often as they are written: their ids are the service's to choose",
        );
      if (options.dataStream === true)
        return Promise.resolve(
          "documents that the data stream has by now: it knows an id within its newest backing index only",
        );
      if (operation === "index" && id !== undefined)
        return Promise.resolve(
          'whatever the index has by now under the ids of option id: operation "index" has no guard against older records',
        );
      if (keepsPositions || (id !== undefined && (namedByRecord || !index.includes("{"))))
        return Promise.resolve(undefined);
      return Promise.resolve(
        id === undefined
          ? "documents of the same records: their ids are positions, and the archive has lost those (write it with records())"
          : "documents of the same records: their index goes by the arrival of each, and the archive has lost that (write it with records())",
      );
    },

    open: async ({ signal, logger }) => {
      let answer;
      try {
        answer = await connection.send({ method: "GET", path: "/" }, { signal, clock: systemClock });
      } catch (error) {
        signal.throwIfAborted();
        if (KinesisConnectorError.isInstance(error)) throw error;
        throw new KinesisConnectorError(
          "KC_EMIT_REFUSED",
          `OpenSearch at ${host} cannot be reached: check \`node\`, the network and the credentials`,
          { cause: error },
        );
      }
      const failure = requestFailureOf(answer, about);
      if (failure === undefined) return;
      if (answer.status < 400 || answer.status === 401)
        throw refusal(
          host,
          answer.status,
          failure.type,
          failure.kind === "refused" ? failure.cure : "check `aws` or `auth`",
        );
      // Looking at a domain takes a right that writing to it does not: the first write tells.
      logger.debug({ host, status: answer.status }, "the node could not be looked at; going on");
    },

    close: () => connection.close(),
  };
}

function operationOf<Document extends object>(options: OpenSearchEmitterOptions<Document>): BulkOperation {
  const { index, id, operation, dataStream, ordering, version } = options;
  const invalid = (message: string): KinesisConnectorError =>
    new KinesisConnectorError("KC_OPTION_INVALID", message);
  if (typeof index !== "string" && typeof index !== "function")
    throw invalid("index must be a name, or a function of document and record");
  if (id !== undefined && id !== "auto" && typeof id !== "function")
    throw invalid('id must be a function of document and record, or "auto"');
  if (operation !== undefined && operation !== "index" && operation !== "create")
    throw invalid('operation takes "index" or "create"');
  if (ordering !== undefined && ordering !== "none" && ordering !== "guarded")
    throw invalid('ordering takes "none" or "guarded"');
  if (version !== undefined && typeof version !== "function")
    throw invalid("version must be a function of document and record");
  if (version !== undefined && ordering !== "guarded")
    throw invalid('version is compared by guarded writes alone: set `ordering` to "guarded"');
  if (dataStream === true && operation === "index")
    throw invalid('operation "index" is not for a data stream, which takes "create" only');
  const creates = dataStream === true || operation === "create";
  if (ordering !== "guarded") return creates ? "create" : "index";
  if (creates)
    throw invalid('ordering "guarded" replaces documents, which "create" and data streams exclude');
  if (id === undefined || id === "auto")
    throw invalid('ordering "guarded" is about versions of a document: name the documents with id');
  return "guarded";
}
