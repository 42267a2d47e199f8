export {
  atCorrectedClock,
  type AwsErrorDescription,
  CLOCK_CURE,
  CREDENTIALS_CURE,
  cureAtHome,
  cureAtStart,
  describeAwsError,
  type IdentityFailure,
  identityFailureOf,
  type IdentityOutcome,
  identityOutcomeOf,
  isByTheClock,
  isForeignAnswer,
  laterBy,
  RENEW_CURE,
  saysClockIsOff,
  summaryOf,
  type SummaryOptions,
} from "./aws-error.js";
export {
  type AwsClient,
  type AwsClientConfig,
  type AwsConnection,
  type AwsConnectionOptions,
  type AwsSender,
  type AwsService,
  AWS_CONNECTION_OPTIONS,
  connectAws,
} from "./connection.js";
export type { AwsConnectionConfig, CredentialsConfig } from "./connection-config.js";
export { type AwsCredentials, checkCredentials } from "./credentials.js";
export { saidWithoutValues } from "./dynamodb-messages.js";
export {
  checkClientEndpoint,
  checkedEndpoint,
  type EndpointRule,
  guardEndpoint,
  isLoopback,
  isOfAws,
  namedEndpoint,
} from "./endpoint.js";
export { type FirstLook, firstLook } from "./first-look.js";
export { following, type FollowingSignal, type ListedSignal } from "./following-signal.js";
export { BodyMemory } from "./http/body-memory.js";
export {
  type HandleOptions,
  type HandlerResponse,
  HttpHandler,
  type HttpHandlerOptions,
  type HttpRoute,
} from "./http/http-handler.js";
export { type KeptAgents, keptAgents, type KeptAgentsOptions } from "./http/kept-agents.js";
export { KeptHttpHandler, type KeptHttpHandlerOptions } from "./http/kept-http-handler.js";
export { joinedPieces, type OutgoingRequest } from "./http/request-bytes.js";
export {
  type FetchCredentials,
  keepCredentials,
  keptCredentials,
  withFreshSession,
} from "./kept-credentials.js";
export { type Later, later } from "./later.js";
export { limited, type RequestBounds, within } from "./limited.js";
export { type Proxy, type ProxyOption, proxyRule, type ProxyRule, type ProxyTarget } from "./proxy/proxy.js";
export { cureAtProxy, PROXY_CURE, saidOfProxy } from "./proxy/proxy-failure.js";
export { type TunnelBounds, tunnelWithin } from "./proxy/tunnel.js";
export { type RecordVersion, versionWriter } from "./record-version.js";
export { sdkPart } from "./sdk-part.js";
export { escapeUri } from "./signing/canonical.js";
export { Sha256 } from "./sha256.js";
export {
  payloadHash,
  RequestSigner,
  type RequestShape,
  type RequestToSign,
  type SignatureHeaders,
} from "./signing/request-signer.js";
export type { SigningScope } from "./signing/signing-key.js";
export { isWatched, keepRequests, type KeptRequestsOptions } from "./kept/kept-requests.js";
export type { AwsCommand, SendCommand } from "./kept/sdk-client.js";
export { type PutFailureRules, type PutFailures, putFailures } from "./waves/put-failures.js";
export {
  ALL_WRITTEN,
  type LaneOptions,
  putInWaves,
  putLanesInWaves,
  type RequestFailure,
  requirePassing,
  type Unsettled,
  type Wave,
  type WaveFailures,
  type WaveOptions,
  withFreshCredentials,
} from "./waves/put-in-waves.js";
export { type Packed, type RequestLimits } from "./waves/requests.js";
