import type { GetSchemaVersionCommandOutput, GlueClient } from "@aws-sdk/client-glue";
import {
  type AwsConnection,
  type AwsConnectionOptions,
  CREDENTIALS_CURE,
  checkCredentials,
  connectAws,
  cureAtHome,
  describeAwsError,
  identityOutcomeOf,
  isForeignAnswer,
  laterBy,
  namedEndpoint,
  proxyRule,
  RENEW_CURE,
  summaryOf,
} from "@kinesis-connectors/aws";
import { type Clock, KinesisConnectorError, nonEmptyText, wholeNumber } from "@kinesis-connectors/core";
import { refused, unanswered } from "../failures.js";
import { DEFAULT_REQUEST_TIMEOUT_MS, MAX_SCHEMA_CHARACTERS } from "../limits.js";
import type { RegisteredSchema } from "../schema.js";

const REGISTRY = "the Glue Schema Registry";
const ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_GLUE";
// A look-up by id names no registry, so that it takes the right on everything ("IAM examples for deserializers", Glue developer guide; awslabs/aws-glue-schema-registry#68).
const RIGHTS = "grant glue:GetSchemaVersion on all resources (iam/glue-policy.json), and look at `region`";

/** Codes of GetSchemaVersion (Glue API reference) that say that there is no such schema version. An id comes from a record: it may be anything. */
const NONE: ReadonlySet<string> = new Set(["EntityNotFoundException", "InvalidInputException"]);

/** Codes that may pass by themselves, whatever their status. */
const PASSING: ReadonlySet<string> = new Set([
  "ResourceNumberLimitExceededException",
  "OperationTimeoutException",
  "InternalServiceException",
  "ConcurrentModificationException",
  "FederationSourceRetryableException",
]);

interface Connected {
  readonly connection: AwsConnection<GlueClient>;
  readonly getSchemaVersion: (id: string) => Promise<GetSchemaVersionCommandOutput>;
}

/**
 * Asks Glue for schema versions. Its client is loaded with the first one.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function glueRegistry(
  options: AwsConnectionOptions<GlueClient>,
  clock: Clock,
): (id: string) => Promise<RegisteredSchema | undefined> {
  checkConnection(options);
  let connecting: Promise<Connected> | undefined;
  let hasWorked = false;

  const connect = async (): Promise<Connected> => {
    const { GetSchemaVersionCommand, GlueClient: Client } = await import("@aws-sdk/client-glue");
    const connection = connectAws<GlueClient>(options, {
      endpointVariable: ENDPOINT_VARIABLE,
      requestTimeoutMs: DEFAULT_REQUEST_TIMEOUT_MS,
      keepsRequests: true,
      create: (config) => new Client({ ...config, maxAttempts: 1 }),
    });
    await connection.checkEndpoint();
    // A look-up is bounded by its time: nothing else ends it.
    const { signal } = new AbortController();
    return {
      connection,
      getSchemaVersion: (id) =>
        connection.request(GetSchemaVersionCommand, { SchemaVersionId: id }, { signal, clock }),
    };
  };

  return async (id) => {
    connecting ??= connect();
    let connected: Connected;
    try {
      connected = await connecting;
    } catch (error) {
      connecting = undefined;
      throw refused(
        REGISTRY,
        id,
        "not asked",
        error instanceof Error ? error.message : "no connection",
        error,
      );
    }
    let answer: GetSchemaVersionCommandOutput;
    try {
      answer = await connected.getSchemaVersion(id);
    } catch (error) {
      if (NONE.has(describeAwsError(error).code)) return undefined;
      throw await failureOf(id, error, connected.connection, hasWorked);
    }
    hasWorked = true;
    return schemaOf(id, answer);
  };
}

/** What is wrong with the options is told when they are given, though the client is made later. */
function checkConnection(options: AwsConnectionOptions<GlueClient>): void {
  const { client, region, endpoint, allowInsecure, credentials, proxy } = options;
  for (const name of ["requestTimeoutMs", "connectionTimeoutMs", "maxSockets"] as const)
    if (options[name] !== undefined) wholeNumber(name, options[name], { min: 1 });
  if (client !== undefined) return;
  if (region !== undefined) nonEmptyText("region", region);
  checkCredentials("credentials", credentials);
  namedEndpoint(endpoint, ENDPOINT_VARIABLE, allowInsecure === true);
  proxyRule(proxy);
}

async function failureOf(
  id: string,
  error: unknown,
  connection: AwsConnection<GlueClient>,
  hasWorked: boolean,
): Promise<Error> {
  if (KinesisConnectorError.isInstance(error)) return refused(REGISTRY, id, error.code, error.message, error);
  const { code, status } = describeAwsError(error);
  const cause = summaryOf(error, { service: "Glue", message: true });
  const atHome = hasWorked ? undefined : cureAtHome(error);
  if (atHome !== undefined) return refused(REGISTRY, id, code, atHome, cause);
  const identity = identityOutcomeOf(error);
  if (identity?.kind === "refused") return refused(REGISTRY, id, code, identity.cure, cause);
  if (identity?.kind === "expired") {
    if (!connection.renewsCredentials) return refused(REGISTRY, id, code, RENEW_CURE, cause);
    // Where none can be had either, the next try says so.
    await Promise.allSettled([connection.refreshCredentials()]);
    return unanswered(REGISTRY, id, code, cause);
  }
  const isPassing =
    PASSING.has(code) ||
    laterBy(code) !== undefined ||
    status === undefined ||
    status >= 500 ||
    status < 400 ||
    status === 408 ||
    status === 429 ||
    isForeignAnswer(error);
  if (identity?.kind === "retry" || isPassing) return unanswered(REGISTRY, id, code, cause);
  if (code === "AccessDeniedException" || status === 403) return refused(REGISTRY, id, code, RIGHTS, cause);
  if (status === 401) return refused(REGISTRY, id, code, CREDENTIALS_CURE, cause);
  return refused(REGISTRY, id, code, "see the code, and correct the option that it is about", cause);
}

/** An answer that cannot be right is none. */
function schemaOf(id: string, answer: GetSchemaVersionCommandOutput): RegisteredSchema | undefined {
  const { SchemaVersionId, SchemaDefinition: definition, DataFormat: type, Status } = answer;
  if (Status === "FAILURE") return undefined;
  if (Status === "PENDING") throw unanswered(REGISTRY, id, "its version is still being checked");
  if (SchemaVersionId !== undefined && SchemaVersionId.toLowerCase() !== id)
    throw unanswered(REGISTRY, id, "the answer is about another schema version");
  if (typeof definition !== "string" || definition === "")
    throw unanswered(REGISTRY, id, "the answer has no definition");
  if (definition.length > MAX_SCHEMA_CHARACTERS)
    throw unanswered(
      REGISTRY,
      id,
      `the answer's definition has more than ${MAX_SCHEMA_CHARACTERS} characters`,
    );
  if (type !== "AVRO" && type !== "JSON" && type !== "PROTOBUF")
    throw unanswered(REGISTRY, id, "the answer's data format is none of AVRO, JSON and PROTOBUF");
  return { id, type, definition, references: [] };
}
