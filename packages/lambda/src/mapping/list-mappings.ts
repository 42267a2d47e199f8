import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { type AwsCredentials, KeptHttpHandler, namedEndpoint, Sha256 } from "@kinesis-connectors/aws";
import { asError, type Clock, KinesisConnectorError } from "@kinesis-connectors/core";
import { SignatureV4 } from "@smithy/signature-v4";

import type { Connection } from "../connection.js";
import { MAX_MAPPINGS_PER_PAGE } from "../limits.js";
import type { EventSourceMapping, ListMappings } from "./event-source-mapping.js";

/** A function that may not reach the service, as in a subnet without a way out, has to hear of it before its time is over. */
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTION_TIMEOUT_MS = 2_000;

/** ListEventSourceMappings (Lambda API reference): one signed GET, for which its client would be another 300 KiB of every bundle. */
const PATH = "/2015-03-31/event-source-mappings";

type Answer = Awaited<ReturnType<KeptHttpHandler["handle"]>>["response"];

/**
 * Asks Lambda for the mappings of a function.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for an endpoint that is not encrypted and not on this machine
 */
export function listMappingsBy(connection: Connection, clock: Pick<Clock, "now">): ListMappings {
  const { endpoints, allowInsecure, credentials, proxy } = connection;
  const given = namedEndpoint(endpoints.lambda, "AWS_ENDPOINT_URL_LAMBDA", allowInsecure, "endpoints.lambda");
  const provided = credentials ?? defaultProvider();
  return async ({ functionArn, eventSourceArn, signal }) => {
    const region = functionArn.split(":")[3] ?? "";
    const handler = new KeptHttpHandler({
      connectionTimeoutMs: CONNECTION_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      maxSockets: 1,
      ...(proxy === undefined ? {} : { proxy }),
    });
    const signer = new SignatureV4({
      service: "lambda",
      region,
      sha256: Sha256,
      credentials: typeof provided === "function" ? async () => await provided() : asIdentity(provided),
    });
    const mappings: EventSourceMapping[] = [];
    let marker: string | undefined;
    try {
      do {
        const request = await signer.sign(
          requestFor(given ?? new URL(`https://lambda.${region}.${domainOf(region)}`), {
            FunctionName: functionArn,
            EventSourceArn: eventSourceArn,
            MaxItems: String(MAX_MAPPINGS_PER_PAGE),
            ...(marker === undefined ? {} : { Marker: marker }),
          }),
          { signingDate: new Date(clock.now()) },
        );
        const { response } = await handler.handle(sendable(request), { abortSignal: signal });
        const page = await pageOf(response);
        if (page === undefined) return undefined;
        mappings.push(...page.mappings);
        marker = page.marker;
      } while (marker !== undefined);
    } catch (thrown) {
      throw notAnswered(asError(thrown));
    } finally {
      handler.destroy();
    }
    return mappings;
  };
}

function asIdentity(keys: AwsCredentials): AwsCredentials {
  return keys;
}

/** The partition in China has a domain of its own (AWS general reference, "AWS service endpoints"). */
function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

type SignableRequest = Parameters<SignatureV4["presign"]>[0];

function requestFor(endpoint: URL, query: Record<string, string>): SignableRequest {
  return {
    method: "GET",
    protocol: endpoint.protocol,
    hostname: endpoint.hostname,
    ...(endpoint.port === "" ? {} : { port: Number(endpoint.port) }),
    path: `${PATH}/`,
    query,
    headers: { host: endpoint.host },
  };
}

/** The handler of the SDK asks for its own class, which can make a copy of itself. */
function sendable(request: SignableRequest): Parameters<KeptHttpHandler["handle"]>[0] {
  return { ...request, query: request.query ?? {}, clone: () => sendable(request) };
}

interface Page {
  readonly mappings: readonly EventSourceMapping[];
  readonly marker: string | undefined;
}

/** Undefined where the function may not look. */
async function pageOf({ statusCode, body }: Answer): Promise<Page | undefined> {
  let text = "";
  for await (const chunk of body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString("utf8");
  if (statusCode === 403) return undefined;
  if (statusCode !== 200) throw new Error(`Lambda answered ${statusCode}`);
  const { EventSourceMappings, NextMarker } = JSON.parse(text) as {
    EventSourceMappings?: readonly EventSourceMapping[];
    NextMarker?: string | null;
  };
  const marker = NextMarker === null || NextMarker === "" ? undefined : NextMarker;
  return { mappings: EventSourceMappings ?? [], marker };
}

function notAnswered(error: Error): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `Lambda could not be asked for the function's event source mappings: ${error.message}. Give the function a way to Lambda's API (a VPC endpoint, where its ` +
      "subnets have no other), or state the mapping by the option parallelizationFactor: 1",
    { cause: error },
  );
}
