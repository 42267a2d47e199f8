import { type Clock, keptCause, type Timer, systemClock } from "@kinesis-connectors/core";
import { describeAwsError, identityFailureOf } from "./aws-error.js";
import type { AwsCredentials } from "./credentials.js";

/** How an SDK client fetches credentials; `forceRefresh` asks for others than those that it has. */
export type FetchCredentials = (options?: { readonly forceRefresh?: boolean }) => Promise<AwsCredentials>;

/** Fetched anew this long before they expire, as the SDK does it, while those that are there still serve. */
const EARLY_MS = 300_000;
/** Between two fetches for which nobody waits, or that requests ask for which are refused all at once. */
const PAUSE_MS = 1_000;
/** Nothing that is well takes longer: the SDK gives its own sources 1 to 6 s. */
const LIMIT_MS = 30_000;

/**
 * Keeps credentials until they expire, or others are asked for. A fetch that does not come back is given up, and the next request begins another one:
 * the SDK waits for it for good, and every request of the client behind it.
 * @param fetch looks for them anew
 */
export function keptCredentials(
  fetch: FetchCredentials,
  clock: Pick<Clock, "now" | "monotonicNow" | "setTimer"> = systemClock,
): FetchCredentials {
  let kept: AwsCredentials | undefined;
  let expiresMs = Number.POSITIVE_INFINITY;
  let fetching: Promise<AwsCredentials> | undefined;
  let renewedMs = Number.NEGATIVE_INFINITY;
  let fetches = 0;
  let keptOf = 0;

  const keep = (fresh: AwsCredentials, turn: number): AwsCredentials => {
    // The same ones stay the same: what is kept for them holds on. One that comes after it was given up is kept, unless a later one came.
    if (kept !== undefined && (turn < keptOf || isSame(fresh, kept))) return kept;
    keptOf = turn;
    expiresMs = expiryOf(fresh);
    return (kept = fresh);
  };
  const fetchAnew = (options: object): Promise<AwsCredentials> => {
    const turn = (fetches += 1);
    const found = (async () => keep(await fetch(options), turn))();
    const isRenewal = kept !== undefined;
    const inTime = givenUp(found.catch(ofSource), clock).finally(() => {
      fetching = undefined;
      if (isRenewal) renewedMs = clock.monotonicNow();
    });
    return (fetching = inTime);
  };

  return async (options = {}) => {
    const isForced = options.forceRefresh === true;
    const leftMs = expiresMs - clock.now();
    if (kept === undefined || (leftMs <= 0 && !isForced)) return await (fetching ?? fetchAnew(options));
    if (!isForced && !(leftMs < EARLY_MS)) return kept;
    const isRested = clock.monotonicNow() - renewedMs >= PAUSE_MS;
    if (isForced) return await (fetching ?? (isRested ? fetchAnew(options) : kept));
    // Who asks does not wait for it, and its failure is told once they have expired.
    if (fetching === undefined && isRested) fetchAnew(options).catch(() => undefined);
    return kept;
  };
}

/**
 * What STS or another service said to who asked it for credentials. It is no answer to the request that waits for them, and must not pass for one: of
 * `InvalidIdentityToken`, which STS says with a 400 where it does not reach the identity provider, a checkpoint would be taken for another stream's.
 */
function ofSource(error: unknown): never {
  const { code, status, message } = describeAwsError(error);
  throw status === undefined || identityFailureOf(error) === "absent"
    ? error
    : absent(`${code}: ${message}`, error);
}

/** As the SDK's own: an outage of whoever has them. */
function absent(message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: keptCause(cause) });
  error.name = "CredentialsProviderError";
  return error;
}

function givenUp(found: Promise<AwsCredentials>, clock: Pick<Clock, "setTimer">): Promise<AwsCredentials> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.setTimer(LIMIT_MS, () => {
      const error = absent(
        `no credentials came within ${LIMIT_MS / 1000} s from where they are looked for (option credentials, or a credential_process, container endpoint or ` +
          "other source of the AWS SDK)",
      );
      reject(error);
    });
  });
  return Promise.race([found, late]).finally(() => timer?.cancel());
}

/** A provider of one's own may give anything. */
function isSame(one: AwsCredentials | undefined, other: AwsCredentials | undefined): boolean {
  return (
    one?.accessKeyId === other?.accessKeyId &&
    one?.secretAccessKey === other?.secretAccessKey &&
    one?.sessionToken === other?.sessionToken &&
    expiryOf(one) === expiryOf(other)
  );
}

function expiryOf(credentials: AwsCredentials | undefined): number {
  const { expiration } = credentials ?? {};
  return expiration === undefined ? Number.POSITIVE_INFINITY : new Date(expiration).getTime();
}

/** The part of an SDK client that finds credentials. */
interface Identified {
  readonly config: {
    credentials: FetchCredentials;
    /** The SDK's own way of looking for them; `ignoreCache` has it read its files anew. */
    readonly credentialDefaultProvider?: (init: object) => (options: object) => Promise<AwsCredentials>;
  };
}

/**
 * Has a client keep its credentials by `keptCredentials`. Those that the SDK finds are looked for anew each time: it reads the shared credentials file once in
 * the life of a process otherwise, and who writes fresh keys into it would be heard by nobody.
 * @param given the option of the client. Default: what the SDK finds
 */
export function keepCredentials(client: object, given: AwsCredentials | FetchCredentials | undefined): void {
  const { config } = identified(client);
  if (typeof given === "object") return;
  const find = config.credentialDefaultProvider;
  const fetch: FetchCredentials | undefined =
    given ??
    (find &&
      ((options) => find({ ...config, ignoreCache: true, parentClientConfig: config })(options ?? {})));
  if (fetch === undefined) return;
  // The SDK keeps what a function gives by itself, unless that is marked so.
  config.credentials = Object.assign(keptCredentials(fetch), { memoized: true });
}

/**
 * Makes a request, and once more where the first was refused because the credentials' session is over and others are to be had. Such a request was not carried
 * out.
 */
export async function withFreshSession<Answer>(
  client: object,
  request: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    if (identityFailureOf(error) !== "expired") throw error;
    const { config } = identified(client);
    const before = await config.credentials();
    const after = await config.credentials({ forceRefresh: true });
    if (isSame(before, after)) throw error;
    return await request();
  }
}

function identified(client: object): Identified {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- by its structure: this package brings no client
  return client as Identified;
}
