import type { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  type HandlerResponse,
  type HttpHandler,
  type HttpRoute,
  isWatched,
  type ListedSignal,
} from "@kinesis-connectors/aws";
import {
  backoffMs,
  type Clock,
  type Random,
  sleep,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { s3Sdk } from "../load-sdk.js";
import { requireOfS3 } from "../failures.js";
import { headersOf, type ObjectSettings } from "./object-headers.js";
import { type PutObject, PutTemplate, type SentPut } from "./put-template.js";

/** One object to be put. */
interface Put extends PutObject {
  readonly metadata: Record<string, string>;
  readonly bytes: Buffer;
  /** Only where nothing is at the key. */
  readonly isConditional: boolean;
}

/** Sends one PutObject, and rejects with the SDK's error. */
export type SendPut = (
  settings: ObjectSettings,
  put: Put,
  bounds: { readonly listed: ListedSignal; readonly clock: Clock },
) => Promise<void>;

/** What the client came to for objects of the same settings. */
interface Kept {
  readonly client: S3Client;
  /** The client's own. Another one in its place wants to see each request. */
  readonly send: unknown;
  readonly template: PutTemplate;
  readonly route: HttpRoute;
  readonly isConditional: boolean;
  /** The credentials that it holds for: endpoint and user agent may depend on them. */
  readonly identity: unknown;
}

/** The pause before the client takes over from a request that failed for want of an answer: as the client's own first one. */
const PAUSE = { baseDelayMs: 100, maxDelayMs: 100 };

/** Sends each object by the client, in all its steps. */
export function putBy(client: S3Client): SendPut {
  return async (settings, put, { listed: { signal: abortSignal } }) => {
    requireOfS3("PutObject", await client.send(await commandOf(settings, put), { abortSignal }));
  };
}

/**
 * A way of writing many small objects by a client of which nobody else changes the steps (its middleware). One that is watched (`isWatched`) sends each
 * object by itself.
 *
 * The client finds out anew for each object in which order its steps go, which endpoint is meant, who signs and how: ten times the work of sending
 * a small one. Here it does all that for the first object of the same settings. What came of it is kept if the same request, byte for byte, can be made
 * here (`PutTemplate`), and the objects that follow are sent without it, over connections of their own: with its credentials, and by its correction of the
 * clock. When the credentials change, the client is asked again.
 *
 * The client takes over whenever that does not end in a written object, or in one that was there before: it sends the object once more, in all its steps, and
 * what it says counts. So retries, redirects, a clock that is off and credentials that are over are its business alone. Sending an object twice changes
 * nothing: it is only ever created, or named by its bytes.
 *
 * @param random - makes the identifiers of requests. Default: the machine's.
 */
export function keepPuts(
  made: () => Promise<S3Client>,
  handler: HttpHandler,
  random: Random = systemRandom,
): SendPut {
  const kept = new WeakMap<ObjectSettings, Kept>();

  const sendAndLearn: SendPut = async (settings, put, { listed: { signal: abortSignal } }) => {
    const client = await made();
    const command = await commandOf(settings, put);
    let sent: SentPut | undefined;
    command.middlewareStack.add(
      (next) => (given) => {
        sent = sentPutOf(given.request);
        return next(given);
      },
      // What comes after it sends the request as it is.
      { step: "deserialize", priority: "low", name: "kinesisConnectorsKeptPuts" },
    );
    requireOfS3("PutObject", await client.send(command, { abortSignal }));
    const strategy = await client.config.retryStrategy();
    // It holds requests back by itself.
    if (sent === undefined || ("mode" in strategy && strategy.mode === "adaptive")) return;
    if (isWatched(client)) return;
    const identity = await client.config.credentials();
    const template = PutTemplate.from(sent, put, identity);
    const { isConditional } = put;
    if (template !== undefined)
      kept.set(settings, {
        client,
        send: sendOf(client),
        template,
        route: handler.routeTo(sent),
        isConditional,
        identity,
      });
  };

  /** Whether the object was written; false where the client is to say what became of it. */
  const sendAlone = async (
    { client, send, template, route, isConditional, identity }: Kept,
    put: Put,
    { listed, clock }: Parameters<SendPut>[2],
  ): Promise<boolean> => {
    if (sendOf(client) !== send) return false;
    const credentials = await client.config.credentials();
    if (credentials !== identity || isConditional !== put.isConditional) return false;
    const pieces = template.pieces(put, credentials, {
      // As the client does: by the machine's clock.
      atMs: systemClock.now() + client.config.systemClockOffset,
      invocationId: random.uuid(),
    });
    if (pieces === undefined) return false;
    let response: HandlerResponse | undefined;
    try {
      response = await route.send(pieces, listed);
    } catch (error) {
      if (listed.aborted) throw error;
    }
    const { statusCode } = response ?? {};
    if (response !== undefined && isSuccess(response)) return true;
    if (statusCode === 412) throw taken(response?.headers["x-amz-request-id"]);
    if (statusCode === undefined || statusCode === 429 || statusCode >= 500)
      await sleep(clock, backoffMs(1, PAUSE, random), listed.signal);
    return false;
  };

  return async (settings, put, bounds) => {
    const known = kept.get(settings);
    if (known === undefined || !(await sendAlone(known, put, bounds)))
      await sendAndLearn(settings, put, bounds);
  };
}

/** To be compared, and not called. */
function sendOf(client: S3Client): unknown {
  return Reflect.get(client, "send");
}

async function commandOf(
  settings: ObjectSettings,
  { key, metadata, bytes, isConditional }: Put,
): Promise<PutObjectCommand> {
  const { PutObjectCommand: Command } = await s3Sdk();
  return new Command({
    ...headersOf(settings, { key, metadata }),
    Body: bytes,
    ContentLength: bytes.length,
    ChecksumAlgorithm: "CRC32",
    ...(isConditional ? { IfNoneMatch: "*" } : {}),
  });
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

/**
 * S3 may answer 200 and name an error in the body ("Error responses" of its API reference); the client looks for it in the same way. Whatever has no ETag
 * the client is to look at (`requireOfS3`).
 */
function isSuccess({ statusCode, headers, body }: HandlerResponse): boolean {
  if (statusCode < 200 || statusCode >= 300 || !headers["etag"]) return false;
  return !body.toString("latin1", Math.max(0, body.length - 16)).endsWith("</Error>");
}

/** The client's own error of a 412. */
function taken(requestId: string | undefined): Error {
  const error = new Error("At least one of the pre-conditions you specified did not hold");
  error.name = "PreconditionFailed";
  return Object.assign(error, { $metadata: { httpStatusCode: 412, requestId } });
}
