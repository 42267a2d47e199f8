import { type AwsCredentials, keptCredentials, sdkPart, Sha256 } from "@kinesis-connectors/aws";
import type { Clock } from "@kinesis-connectors/core";
import type { SigV4Options } from "./authorization.js";

/** A request before it is signed. */
interface UnsignedRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  /** As it goes over the wire, without its query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Signs requests. */
export interface Signer {
  /** The headers to send. */
  readonly sign: (request: UnsignedRequest, clock: Clock) => Promise<Readonly<Record<string, string>>>;
  /** Fetches fresh keys for the next signature. False where the caller gave them: there is nothing to fetch. */
  readonly renew: () => boolean;
  /** Signs by the service's clock from now on, which is ahead of the machine's by so much. */
  readonly setAhead: (aheadMs: number) => void;
}

/** Keys are fetched anew this long before they end, as the SDK's clients do. */
const RENEWED_BEFORE_MS = 5 * 60_000;

const signatureV4 = sdkPart("@smithy/signature-v4", import.meta.url, () => import("@smithy/signature-v4"));

type FetchKeys = (options?: { readonly forceRefresh?: boolean }) => Promise<AwsCredentials>;

export function createSigner({ region, service, credentials }: SigV4Options): Signer {
  const given = typeof credentials === "object" ? credentials : undefined;
  let fetchKeys: FetchKeys | undefined = typeof credentials === "function" ? credentials : undefined;
  let kept: AwsCredentials | undefined = given;
  let aheadMs = 0;
  let isRenewed = false;

  const keysAt = async (clock: Clock): Promise<AwsCredentials> => {
    const endsAt = kept?.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    if (kept !== undefined && (given !== undefined || endsAt - RENEWED_BEFORE_MS > clock.now())) return kept;
    // Loaded when it is needed: who gives keys needs no chain of providers.
    if (fetchKeys === undefined) {
      const { defaultProvider } = await import("@aws-sdk/credential-provider-node");
      fetchKeys = keptCredentials((options) => defaultProvider({ ignoreCache: true })(options));
    }
    kept = await fetchKeys({ forceRefresh: isRenewed });
    isRenewed = false;
    return kept;
  };

  return {
    sign: async ({ protocol, hostname, port, ...request }, clock) => {
      const keys = await keysAt(clock);
      const { SignatureV4 } = await signatureV4();
      const signer = new SignatureV4({ region, service, credentials: keys, sha256: Sha256 });
      const host = port === undefined ? hostname : `${hostname}:${port}`;
      const { headers } = await signer.sign(
        {
          ...request,
          query: { ...request.query },
          protocol,
          hostname,
          ...(port === undefined ? {} : { port }),
          headers: { ...request.headers, host },
        },
        { signingDate: new Date(clock.now() + aheadMs) },
      );
      return headers;
    },
    renew: () => {
      if (given !== undefined) return false;
      kept = undefined;
      isRenewed = true;
      return true;
    },
    setAhead: (ms) => {
      aheadMs = ms;
    },
  };
}
