import type { ProxyOption } from "@kinesis-connectors/aws";
import type { GivenCredentials } from "./credentials.js";

/** Leases beside DynamoDB. */
export interface GivenStore {
  /** With user and password: not to be shown. */
  readonly url: string;
  readonly table?: string | undefined;
  /** A file beside which its package is installed. */
  readonly beside: string;
}

/** What a configuration file says of the way to its stream and leases. */
export interface FromFile {
  readonly application?: string | undefined;
  readonly stream?: string | undefined;
  readonly region?: string | undefined;
  readonly endpointKinesis?: string | undefined;
  readonly endpointDynamodb?: string | undefined;
  readonly allowInsecure?: boolean | undefined;
  readonly leaseTable?: string | undefined;
  readonly leaseStore?: GivenStore | undefined;
  readonly failoverTimeMs?: number | undefined;
  readonly emitter?: string | undefined;
  readonly credentials?: GivenCredentials;
  readonly proxy?: ProxyOption | undefined;
}
