import { type PutObjectCommandInput, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { HandlerResponse, HttpHandler, ListedSignal, RequestBounds } from "@kinesis-connectors/aws";
import { backoffMs, type Random, sleep, systemClock, systemRandom } from "@kinesis-connectors/core";
import { type PutObject, PutTemplate, type SentPut } from "./put-template.js";

/** A PutObject of a body in memory. */
export interface PutInput extends PutObjectCommandInput {
  readonly Key: string;
  readonly Body: Buffer;
  readonly Metadata: Record<string, string>;
}

/**
 * Sends one PutObject, and rejects with the SDK's error. `kind` stands for everything in the input but key, body, metadata and condition.
 */
export type SendPut = (
  kind: object,
  input: PutInput,
  bounds: { readonly listed: ListedSignal } & Pick<RequestBounds, "clock">,
) => Promise<void>;

/** What the client came to for one kind of objects. */
interface Kept {
  readonly template: PutTemplate;
  readonly condition: string | undefined;
  /** The credentials that it holds for: endpoint and user agent may depend on them. */
  readonly identity: unknown;
}

/** The pause before the client takes over from a request that failed for want of an answer: as the client's own first one. */
const PAUSE = { baseDelayMs: 100, maxDelayMs: 100 };

/** Sends each object by the client, in all its steps. */
export function putBy(client: S3Client): SendPut {
  return async (_kind, input, { listed: { signal: abortSignal } }) => {
    await client.send(new PutObjectCommand(input), { abortSignal });
  };
}

/**
 * A way of writing many small objects by a client of which nobody else changes the steps (its middleware).
 *
 * The client finds out anew for each object in which order its steps go, which endpoint is meant, who signs and how: ten times the work of sending
 * a small one. Here it does all that for the first object of a kind. What came of it is kept if the same request, byte for byte, can be made here
 * (`PutTemplate`), and the objects that follow are sent without it, over connections of their own: with its credentials, and by its correction of the clock.
 *
 * The client takes over whenever that does not end in a written object, or in one that was there before: it sends the object once more, in all its steps, and
 * what it says counts. So retries, redirects, a clock that is off and credentials that are over are its business alone. Sending an object twice changes
 * nothing: it is only ever created.
 *
 * @param random - makes the identifiers of requests. Default: the machine's.
 */
export function keepPuts(client: S3Client, handler: HttpHandler, random: Random = systemRandom): SendPut {
  const kept = new WeakMap<object, Kept>();
  const sendAndLearn: SendPut = async (kind, input, { listed: { signal: abortSignal } }) => {
    const command = new PutObjectCommand(input);
    let sent: SentPut | undefined;
    command.middlewareStack.add(
      (next) => (given) => {
        sent = sentPutOf(given.request);
        return next(given);
      },
      // What comes after it sends the request as it is.
      { step: "deserialize", priority: "low", name: "kinesisConnectorsKeptPuts" },
    );
    await client.send(command, { abortSignal });
    const strategy = await client.config.retryStrategy();
    const isAdaptive = "mode" in strategy && strategy.mode === "adaptive";
    const identity = await client.config.credentials();
    const template =
      sent === undefined || isAdaptive ? undefined : PutTemplate.from(sent, objectIn(input), identity);
    if (template === undefined) kept.delete(kind);
    else kept.set(kind, { template, condition: input.IfNoneMatch, identity });
  };

  /** Whether the object was written; false where the client is to say what became of it. */
  const sendAlone = async (
    { template, condition, identity }: Kept,
    input: PutInput,
    { listed, clock }: Parameters<SendPut>[2],
  ): Promise<boolean> => {
    const credentials = await client.config.credentials();
    if (credentials !== identity || condition !== input.IfNoneMatch) return false;
    const request = template.request(objectIn(input), credentials, {
      // As the client does: by the machine's clock.
      atMs: systemClock.now() + client.config.systemClockOffset,
      invocationId: random.uuid(),
    });
    if (request === undefined) return false;
    let response: HandlerResponse | undefined;
    try {
      ({ response } = await handler.handle(request, { abortSignal: listed }));
    } catch (error) {
      if (listed.aborted) throw error;
    }
    if (isSuccess(response) && !holdsError(response)) return true;
    const { statusCode } = response ?? {};
    if (statusCode === 412) throw taken(response?.headers["x-amz-request-id"]);
    if (statusCode === undefined || statusCode === 429 || statusCode >= 500)
      await sleep(clock, backoffMs(1, PAUSE, random), listed.signal);
    return false;
  };

  return async (kind, input, bounds) => {
    const known = kept.get(kind);
    if (known !== undefined && (await sendAlone(known, input, bounds))) return;
    await sendAndLearn(kind, input, bounds);
  };
}

function objectIn({ Key, Metadata, Body }: PutInput): PutObject {
  return { key: Key, metadata: Metadata, bytes: Body };
}

/** A request of the client's that a template can be made of: its body in memory, and all of it texts. */
function sentPutOf(request: unknown): SentPut | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the SDK's last steps are given
  const sent = request as SentPut;
  const texts = [...Object.values(sent.headers), ...Object.values(sent.query ?? {})];
  return texts.every((text) => typeof text === "string") && sent.body instanceof Uint8Array
    ? sent
    : undefined;
}

function isSuccess(response: unknown): response is { readonly statusCode: number } {
  const status: unknown =
    typeof response === "object" ? Reflect.get(Object(response), "statusCode") : undefined;
  return typeof status === "number" && status >= 200 && status < 300;
}

/** S3 may answer 200 and name an error in the body ("Error responses" of its API reference), as the client looks for it. */
function holdsError({ body }: HandlerResponse): boolean {
  return body.toString("latin1", Math.max(0, body.length - 16)).endsWith("</Error>");
}

/** The client's own error of a 412. */
function taken(requestId: string | undefined): Error {
  const error = new Error("At least one of the pre-conditions you specified did not hold");
  error.name = "PreconditionFailed";
  return Object.assign(error, { $metadata: { httpStatusCode: 412, requestId } });
}
