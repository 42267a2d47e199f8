import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { AwsJson1_1Protocol } from "@aws-sdk/core/protocols";

import { decodeCbor } from "./cbor/decode-cbor.js";
import { encodeCbor } from "./cbor/cbor-writer.js";
import { collectBody } from "./collect-body.js";
import { requireBounded } from "./json/bounded-json.js";
import type { PageMemory } from "./page/page.js";
import { writePutRecordsCbor } from "./cbor/put-records-cbor.js";
import { isPutRecordsRequest, writePutRecordsJson } from "./json/put-records-json.js";
import { readPutResultsCbor, readPutResultsJson } from "./put-results.js";
import { isObject } from "./page/records-members.js";
import { readRecordsCbor } from "./cbor/records-cbor.js";
import { readRecordsJson } from "./json/records-json.js";
import { openSubscription } from "./subscription/subscription-events.js";
import { SpokenFormat, type WireFormat } from "./wire-format.js";
import { WireFormatError } from "./wire-format-error.js";
import { CBOR_TYPE, inCbor, inJson, inMemory, type RequestMemory, type WrittenBody } from "./written-body.js";

export { releaseResults, takenRecords } from "./put-results.js";
export type { WireFormat } from "./wire-format.js";
export type { RequestMemory } from "./written-body.js";

// What the SDK's own signatures say; its package of types need not be installed for them.
type Serialize = AwsJson1_1Protocol["serializeRequest"];
type Deserialize = AwsJson1_1Protocol["deserializeResponse"];
type MetadataBearer = Awaited<ReturnType<Deserialize>>;
type HttpRequest = Awaited<ReturnType<Serialize>>;
type HttpResponse = Parameters<Deserialize>[2];

/** How a client is to speak. */
export interface KinesisProtocolOptions {
  /** Default `auto`. */
  readonly wireFormat?: WireFormat;
  /** Told once, when `auto` goes over from CBOR to JSON. */
  readonly onFallback?: () => void;
  /**
   * Where the bodies of answers go when they are let go (`PageRecord.releasePage`, `releaseResults`), to be used again by the client's request handler.
   * Default: nowhere.
   */
  readonly memory?: PageMemory;
  /**
   * Where large requests are written for who sends them past the client's steps and says when each has been answered. Default: fresh memory for each,
   * which costs more than all of the writing.
   */
  readonly requestMemory?: RequestMemory;
}

/** The protocol of one client, or of several that reach the same server. */
export interface KinesisProtocol {
  /** For the client's option `protocol`. */
  readonly protocol: typeof AwsJson1_1Protocol;
  /** Lets a call that was refused in CBOR be made once more in JSON. Without it that one call fails. */
  readonly attach: (client: KinesisClient) => void;
  /** How often the clients went over from CBOR to JSON: 0 or 1. */
  readonly fallbacks: () => number;
}

/**
 * `kinesisProtocol` over the SDK's own protocol as the caller has loaded it: nothing of the SDK is loaded here.
 *
 * @param Base `AwsJson1_1Protocol` of `@aws-sdk/core/protocols`
 */
export function kinesisProtocolOver(
  Base: typeof AwsJson1_1Protocol,
  options: KinesisProtocolOptions = {},
): KinesisProtocol {
  const spoken = new SpokenFormat(
    options.wireFormat ?? "auto",
    options.onFallback ?? (() => undefined),
    process.env["AWS_CBOR_DISABLE"],
  );
  return {
    protocol: fastProtocol(Base, spoken, options),
    attach: (client) => attach(client, spoken),
    fallbacks: () => spoken.fallbacks,
  };
}

/** The SDK's protocol, faster where records pass. */
function fastProtocol(
  Base: typeof AwsJson1_1Protocol,
  spoken: SpokenFormat,
  { memory, requestMemory }: KinesisProtocolOptions,
): typeof AwsJson1_1Protocol {
  return class extends Base {
    override async serializeRequest(...call: Parameters<Serialize>): Promise<HttpRequest> {
      const [operation, input, context] = call;
      const written = this.writeBody(operation.name, input, false);
      if (written === undefined) return super.serializeRequest(...call);
      const endpoint = await context.endpoint();
      const request: HttpRequest = new (this.getRequestType())({
        method: "POST",
        path: "/",
        headers: {
          "content-type": written.contentType,
          "x-amz-target": `${this.serviceTarget}.${operation.name}`,
        },
        body: written.body,
      });
      this.updateServiceEndpoint(request, endpoint);
      if (!request.path.endsWith("/")) request.path += "/";
      return request;
    }

    override async deserializeResponse<Output extends MetadataBearer>(
      ...call: Parameters<Deserialize>
    ): Promise<Output> {
      const [operation, , response] = call;
      if (!isFast(operation.name)) return this.#readBySdk(...call);
      try {
        const output = await this.#read(...call);
        if (output === undefined) return await this.#readBySdk(...call);
        // The SDK's signature leaves open whose output it is; it is that of the operation that was asked for.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return output as Output;
      } catch (error) {
        if (operation.name !== "SubscribeToShard") spoken.failed(error, formOf(response));
        throw error;
      }
    }

    /** The output of an answer that is read here, or undefined; the body is untouched then. */
    async #read(
      ...[operation, context, response]: Parameters<Deserialize>
    ): Promise<MetadataBearer | undefined> {
      // What the service answers is not always what was asked for. Pages of a proxy in between are neither.
      const form = formOf(response);
      const isCbor = form === "cbor";
      const $metadata = this.deserializeMetadata(response);
      if (this.isErrorResponse(response.statusCode)) {
        if (!isCbor) return undefined;
        const body = decodeCbor(await bodyOf(response));
        return this.handleError(operation, context, response, isObject(body) ? body : {}, $metadata);
      }
      switch (operation.name) {
        case "SubscribeToShard": {
          const events = await openSubscription(response.body, (exception) =>
            this.handleError(operation, context, response, exception, $metadata),
          );
          return withMetadata({ EventStream: events }, $metadata);
        }
        default:
          return withMetadata(this.#readBody(operation.name, await bodyOf(response), form), $metadata);
      }
    }

    /** The answer to a GetRecords or a PutRecords. */
    #readBody(operation: string, body: Buffer, form: Form): object {
      const isCbor = form === "cbor";
      if (operation === "PutRecords")
        return this.#readWell(isCbor ? readPutResultsCbor(body, memory) : readPutResultsJson(body), form);
      return this.#readWell(isCbor ? readRecordsCbor(body, memory) : readRecordsJson(body, memory), form);
    }

    /** Everything else goes through `JSON.parse` as it comes: errors, and lists of shards. */
    async #readBySdk<Output extends MetadataBearer>(...call: Parameters<Deserialize>): Promise<Output> {
      const [, , response] = call;
      if (response.body instanceof Uint8Array || isByteStream(response.body)) {
        const body = await bodyOf(response);
        requireBounded(body);
        response.body = body;
      }
      return super.deserializeResponse<Output>(...call);
    }

    #readWell<Answer>(answer: Answer, form: Form): Answer {
      if (form === "cbor") spoken.answeredInCbor();
      if (form === "json") spoken.answeredInJson();
      return answer;
    }

    /** The body of a request that is written here. For those who send requests past the client's steps, too. */
    writeBody(operation: string, input: object, isKept = true): WrittenBody | undefined {
      switch (operation) {
        case "GetRecords":
          return spoken.isCborFor(input) ? inCbor(encodeCbor(input)) : inJson(JSON.stringify(input));
        case "PutRecords":
          if (!isPutRecordsRequest(input)) return undefined;
          if (!spoken.isCborFor(input)) return inJson(writePutRecordsJson(input));
          return isKept && requestMemory !== undefined
            ? inMemory(requestMemory, input)
            : inCbor(writePutRecordsCbor(input));
        default:
          // A subscription is asked for in JSON, whatever else is spoken: Kinesis has no CBOR for event streams. The Java SDK, whose other
          // calls are CBOR, leaves this one in JSON for that (aws-sdk-java-v2, JsonProtocolSpec#protocolFactoryLiteral), and asked for in
          // CBOR it failed with a 500 (localstack, tests/aws/services/kinesis/test_kinesis.py). Events are read in either form all the same.
          return undefined;
      }
    }

    /** The output of an answer that is no error, where its body is there; undefined for what takes longer to read, or is left to the SDK. */
    readOutput(operation: string, response: HttpResponse): MetadataBearer | undefined {
      const body: unknown = response.body;
      if (operation !== "GetRecords" && operation !== "PutRecords") return undefined;
      if (this.isErrorResponse(response.statusCode) || !(body instanceof Uint8Array)) return undefined;
      const form = formOf(response);
      try {
        const answer = this.#readBody(operation, asBuffer(body), form);
        return withMetadata(answer, this.deserializeMetadata(response));
      } catch (error) {
        spoken.failed(error, form);
        throw error;
      }
    }

    /** Whether a call that was written so and failed is to be made again, in JSON. */
    asksAgain(input: object, { contentType }: WrittenBody, error: unknown): boolean {
      return contentType === CBOR_TYPE && spoken.asksAgain(input, error);
    }
  };
}

/** The output itself, which was made here: what is read of it when it is asked for stays so. */
function withMetadata(output: object, $metadata: MetadataBearer["$metadata"]): MetadataBearer {
  return Object.assign(output, { $metadata });
}

function isFast(operation: string): boolean {
  return operation === "GetRecords" || operation === "PutRecords" || operation === "SubscribeToShard";
}

type Form = "cbor" | "json" | "other";

function formOf(response: HttpResponse): Form {
  const type = headerOf(response, "content-type") ?? "";
  if (type.startsWith("application/x-amz-cbor")) return "cbor";
  return type.startsWith("application/x-amz-json") || type.startsWith("application/json") ? "json" : "other";
}

/** Node's handlers give names in lower case; others may not. */
function headerOf(response: HttpResponse, name: string): string | undefined {
  const { headers } = response;
  if (headers[name] !== undefined) return headers[name];
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name) return value;
  }
  return undefined;
}

async function bodyOf(response: HttpResponse): Promise<Buffer> {
  const body: unknown = response.body;
  if (body instanceof Uint8Array) return asBuffer(body);
  if (!isByteStream(body)) throw new WireFormatError("the answer has no body: ask again");
  return collectBody(body, headerOf(response, "content-length"));
}

function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function isByteStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** Around everything that the SDK does for a call: a second round serializes anew, and signs what it serialized. */
function attach(client: KinesisClient, spoken: SpokenFormat): void {
  client.middlewareStack.add(
    (next, context) => (args) =>
      isFast(commandName(context)) ? retryInJson(spoken, args.input, () => next(args)) : next(args),
    { step: "initialize", priority: "low", name: "kinesisConnectorsJsonAfterCbor", override: true },
  );
}

async function retryInJson<Output>(
  spoken: SpokenFormat,
  input: object,
  call: () => Promise<Output>,
): Promise<Output> {
  const isAskedInCbor = spoken.isCborFor(input);
  try {
    return await call();
  } catch (error) {
    if (!isAskedInCbor || !spoken.asksAgain(input, error)) throw error;
    return await call();
  }
}

function commandName(context: { readonly commandName?: unknown }): string {
  const name = context.commandName;
  return typeof name === "string" ? name.replace(/Command$/, "") : "";
}
