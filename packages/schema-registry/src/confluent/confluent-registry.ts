import {
  checkedEndpoint,
  describeAwsError,
  HttpHandler,
  type ProxyOption,
  cureAtProxy,
} from "@kinesis-connectors/aws";
import {
  type Clock,
  invalidOption,
  type OptionNames,
  poisonRecord,
  wholeNumber,
} from "@kinesis-connectors/core";
import { refused, unanswered } from "../failures.js";
import { DEFAULT_REQUEST_TIMEOUT_MS, MAX_REFERENCES, MAX_SCHEMA_CHARACTERS } from "../limits.js";
import type { RegisteredSchema, SchemaType } from "../schema.js";

/** Options of the connection to a registry that speaks Confluent's REST. */
export interface ConfluentConnectionOptions {
  /** URL of the registry, with its path where it has one: `https`, or `http` on this machine. Redirects are not followed. */
  readonly url: string;
  /** User and password (of Confluent Cloud: API key and secret), or a bearer token. Default: none. */
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string };
  /** Certificates of the authority that signed the registry's, PEM. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** Permits `http` to other machines. Passwords travel readable then. Default false. */
  readonly allowInsecure?: boolean;
  /** Time limit for opening a connection, in milliseconds. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Time limit of one request, in milliseconds; both belong below the pipeline's `transformTimeoutMs`. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /**
   * URL of an http or https proxy that requests go through by CONNECT, with user and password where it asks for them; or false for none, whatever the
   * environment says. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, never for this machine.
   */
  readonly proxy?: ProxyOption;
}

/** The names of all of them. */
export const CONFLUENT_CONNECTION_OPTIONS: OptionNames<ConfluentConnectionOptions> = {
  url: "required",
  auth: { username: true, password: true, token: true },
  ca: true,
  allowInsecure: true,
  connectionTimeoutMs: true,
  requestTimeoutMs: true,
  proxy: true,
};

/** "Schema not found" and "Version not found", "Subject not found" of Confluent's API reference. */
const NOT_FOUND: ReadonlySet<unknown> = new Set([40401, 40402, 40403]);

/** What an answer holds of use. */
interface SchemaAnswer {
  readonly schema: string;
  readonly type: SchemaType;
  readonly references: readonly Reference[];
}

interface Reference {
  readonly subject: string;
  readonly version: number;
}

/**
 * Asks a registry for schemas by their ids (`GET /schemas/ids/{id}`), and for those that Avro schemas refer to.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function confluentRegistry(
  options: ConfluentConnectionOptions,
  clock: Clock,
): (id: number) => Promise<RegisteredSchema | undefined> {
  const { ca, proxy, auth } = options;
  const url = checkedEndpoint(options.url, options.allowInsecure === true, "url");
  if (url.search !== "" || url.hash !== "") throw invalidOption("url must not hold a query");
  const registry = `the schema registry at ${url.host}`;
  const handler = new HttpHandler({
    connectionTimeoutMs: wholeNumber("connectionTimeoutMs", options.connectionTimeoutMs ?? 5_000, { min: 1 }),
    requestTimeoutMs: wholeNumber(
      "requestTimeoutMs",
      options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
      {
        min: 1,
      },
    ),
    clock,
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  const authorization = authorizationOf(auth);
  const request = {
    method: "GET",
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    headers: {
      accept: "application/vnd.schemaregistry.v1+json, application/json",
      ...(authorization === undefined ? {} : { authorization }),
    },
  };
  const prefix = url.pathname.replace(/\/+$/, "");

  const get = async (id: string, path: string): Promise<SchemaAnswer | undefined> => {
    let answer: Awaited<ReturnType<HttpHandler["handle"]>>["response"];
    try {
      answer = (await handler.handle({ ...request, path: `${prefix}${path}` })).response;
    } catch (error) {
      const cure = cureAtProxy(error);
      const { code } = describeAwsError(error);
      if (cure !== undefined) throw refused(registry, id, code, cure, error);
      throw unanswered(registry, id, code, error);
    }
    const { statusCode: status } = answer;
    const body = objectOf(answer.body);
    if (status === 200) return schemaAnswerOf(registry, id, body);
    if (status === 404 && NOT_FOUND.has(body?.["error_code"])) return undefined;
    const what = `HTTP ${status}`;
    if (status === 401 || status === 403)
      throw refused(registry, id, what, "correct `auth`, and let it read schemas");
    if (status === 408 || status === 429 || status >= 500) throw unanswered(registry, id, what);
    throw refused(registry, id, what, "correct `url`: what answers there is no schema registry");
  };

  return async (key) => {
    const id = String(key);
    const answer = await get(id, `/schemas/ids/${id}`);
    if (answer === undefined) return undefined;
    const { schema: definition, type } = answer;
    const references = new Map<string, string>();
    const seen = new Set<string>();
    const follow = async (named: readonly Reference[]): Promise<void> => {
      for (const { subject, version } of named) {
        const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
        if (seen.has(path)) continue;
        seen.add(path);
        if (seen.size > MAX_REFERENCES)
          throw poisonRecord(`the record's schema ${id} refers to more than ${MAX_REFERENCES} others`);
        // One after the other, each after those that it refers to itself: that is the order in which they are read.
        const reference = await get(id, path);
        if (reference === undefined)
          throw poisonRecord(`the record's schema ${id} refers to one that is not in the registry`);
        await follow(reference.references);
        references.set(path, reference.schema);
      }
    };
    if (type === "AVRO") await follow(answer.references);
    return { id, type, definition, references: [...references.values()] };
  };
}

function authorizationOf(auth: ConfluentConnectionOptions["auth"]): string | undefined {
  if (auth === undefined) return undefined;
  const { username, password, token }: { username?: unknown; password?: unknown; token?: unknown } = auth;
  if (isText(token) && username === undefined && password === undefined) return `Bearer ${token}`;
  if (isText(username) && isText(password) && token === undefined)
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  throw invalidOption("auth takes username and password, or token: texts that are not empty");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** An answer that cannot be right is none. */
function schemaAnswerOf(
  registry: string,
  id: string,
  body: Readonly<Record<string, unknown>> | undefined,
): SchemaAnswer {
  const { schema, schemaType: type = "AVRO", references = [] } = body ?? {};
  if (!isText(schema)) throw unanswered(registry, id, "the answer has no schema");
  if (schema.length > MAX_SCHEMA_CHARACTERS)
    throw unanswered(registry, id, `the answer's schema has more than ${MAX_SCHEMA_CHARACTERS} characters`);
  if (type !== "AVRO" && type !== "JSON" && type !== "PROTOBUF")
    throw unanswered(registry, id, "the answer's schemaType is none of AVRO, JSON and PROTOBUF");
  if (!Array.isArray(references)) throw unanswered(registry, id, "the answer's references are no list");
  return { schema, type, references: references.map((reference) => referenceOf(registry, id, reference)) };
}

function referenceOf(registry: string, id: string, reference: unknown): Reference {
  const { subject, version }: { subject?: unknown; version?: unknown } =
    typeof reference === "object" && reference !== null ? reference : {};
  if (isText(subject) && typeof version === "number" && Number.isSafeInteger(version) && version > 0)
    return { subject, version };
  throw unanswered(registry, id, "the answer's references name no subject and version");
}

function objectOf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
