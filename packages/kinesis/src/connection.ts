import type { KinesisClient } from "@aws-sdk/client-kinesis";
import {
  type AwsConnection,
  type AwsConnectionOptions,
  BodyMemory,
  connectAws,
} from "@kinesis-connectors/aws";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { kinesisProtocolOver, type WireFormat } from "@kinesis-connectors/wire/protocol-over";
import { kinesisSdk, protocolSdk } from "./load-sdk.js";

/** Options of the connection to Kinesis. `region` defaults to that of `streamArn`; `requestTimeoutMs` is 30,000 by default. */
export interface KinesisConnectionOptions extends AwsConnectionOptions<KinesisClient> {
  /**
   * The encoding in which records travel. Default `auto`: AWS-CBOR, and JSON for good once a server shows that it speaks that only. Not beside `client`.
   */
  readonly wireFormat?: WireFormat;
}

/** A client with its time limit. */
export type KinesisConnection = AwsConnection<KinesisClient>;

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: KinesisConnectionOptions): KinesisConnection {
  const wireFormat = wireFormatOf(options.wireFormat);
  const memory = new BodyMemory();
  return connectAws(options, {
    endpointVariable: "AWS_ENDPOINT_URL_KINESIS",
    requestTimeoutMs: 30_000,
    keepsRequests: true,
    memory,
    alsoOfClient: ["wireFormat"],
    // The engine repeats: only it knows which records are written, and it shows what it repeats.
    create: async (config) => {
      const { KinesisClient: Client } = await kinesisSdk();
      const { AwsJson1_1Protocol } = await protocolSdk();
      // Records go in AWS-CBOR: the SDK's own serializer costs several times as much per record (docs/performance.md).
      const fast = kinesisProtocolOver(AwsJson1_1Protocol, { wireFormat, memory, requestMemory: memory });
      const client = new Client({ ...config, protocol: fast.protocol, maxAttempts: 1 });
      fast.attach(client);
      return client;
    },
  });
}

function wireFormatOf(format: WireFormat = "auto"): WireFormat {
  if (format === "auto" || format === "cbor" || format === "json") return format;
  throw new KinesisConnectorError("KC_OPTION_INVALID", 'wireFormat must be "auto", "cbor" or "json"');
}
