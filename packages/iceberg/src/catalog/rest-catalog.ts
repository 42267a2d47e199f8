import { checkedEndpoint, type ProxyOption } from "@kinesis-connectors/aws";
import {
  checkOptions,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";
import { memberOf } from "./answers.js";
import type { CatalogAuthorization } from "./authorization.js";
import type { Catalog, CatalogContext, LoadedTable, TableIdentifier } from "./catalog.js";
import { createRequests } from "./catalog-requests.js";
import { outage } from "./failures.js";
import { holdsCommit, loadedTableOf } from "./loaded-table.js";

/** Options of the connection to a catalog, beside where it is and who asks. */
export interface CatalogConnectionOptions {
  /** Certificates of the authority that signed the catalog's, PEM. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** Permits `http` to other machines. Tokens travel readable then. Default false. */
  readonly allowInsecure?: boolean;
  /** Time limit for opening a connection, in milliseconds. Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Time limit of one request, in milliseconds. What is not answered by then may have been carried out: the table is looked at. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Connections kept open. Default 8. */
  readonly maxSockets?: number;
  /**
   * URL of an http or https proxy that requests go through by CONNECT, with user and password where it asks for them; or false for none, whatever the
   * environment says. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, never for this machine.
   */
  readonly proxy?: ProxyOption;
}

/** Options of `restCatalog`. */
export interface RestCatalogOptions extends CatalogConnectionOptions {
  /** URL of the catalog, what stands before `/v1/config`: `https`, or `http` on this machine. Redirects are not followed. */
  readonly uri: string;
  /** Which of the catalog's warehouses, by its name or location. Default: the one that the catalog takes without a word. */
  readonly warehouse?: string;
  /** Who asks: `bearer()`, `clientCredentials()` or `sigV4()`. Default: nobody in particular. */
  readonly auth?: CatalogAuthorization;
}

/** The names of connection options, for the factories that take them. */
export const CATALOG_CONNECTION_OPTIONS: OptionNames<CatalogConnectionOptions> = {
  ca: true,
  allowInsecure: true,
  connectionTimeoutMs: true,
  requestTimeoutMs: true,
  maxSockets: true,
  proxy: true,
};
const NAMES: OptionNames<RestCatalogOptions> = {
  ...CATALOG_CONNECTION_OPTIONS,
  uri: "required",
  warehouse: true,
  auth: true,
};

/** What a catalog says of itself (REST specification, `CatalogConfig`). */
interface CatalogConfig {
  /** `/v1`, and the prefix where there is one, as it stands in paths. */
  readonly root: string;
  /** Between the levels of a namespace, encoded. */
  readonly separator: string;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;
/** The unit separator (REST specification, parameter `namespace`). */
const SEPARATOR = "%1F";

/**
 * A catalog that speaks Iceberg's REST: Polaris, Lakekeeper, Nessie, Unity, the Glue Data Catalog, S3 Tables. Nothing is sent before the first table is
 * asked for; what the catalog says of itself (`/v1/config`) is asked once.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 *
 * @example
 * ```ts
 * const catalog = restCatalog({
 *   uri: "https://polaris.example.com/api/catalog",
 *   warehouse: "lake",
 *   auth: clientCredentials({ clientId: "connector", clientSecret: process.env.POLARIS_SECRET ?? "" }),
 * });
 * ```
 */
export function restCatalog(options: RestCatalogOptions): Catalog {
  checkOptions("restCatalog", options, NAMES);
  const { warehouse, auth, ca, proxy } = options;
  const uri = checkedEndpoint(options.uri, options.allowInsecure === true, "uri");
  if (uri.search !== "" || uri.hash !== "") throw invalidOption("uri must not hold a query");
  if (warehouse !== undefined) nonEmptyText("warehouse", warehouse);
  checkAuth(auth);
  const requests = createRequests({
    uri,
    authorization: auth,
    connectionTimeoutMs: wholeNumber("connectionTimeoutMs", options.connectionTimeoutMs ?? 5_000, { min: 1 }),
    requestTimeoutMs: wholeNumber(
      "requestTimeoutMs",
      options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
      { min: 1 },
    ),
    maxSockets: wholeNumber("maxSockets", options.maxSockets ?? 8, { min: 1 }),
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  let known: CatalogConfig | undefined;

  const config = async (bounds: CatalogContext): Promise<CatalogConfig> => {
    if (known !== undefined) return known;
    const answer = await requests.send({
      method: "GET",
      path: "/v1/config",
      ...(warehouse === undefined ? {} : { query: { warehouse } }),
      what: "tell its configuration",
      bounds,
    });
    const body = answer.type === "done" ? answer.reply.body : undefined;
    if (memberOf(body, "defaults") === undefined && memberOf(body, "overrides") === undefined)
      throw unfit("tell its configuration");
    return (known = configOf(body));
  };
  const unfit = (what: string): Error =>
    outage(`the Iceberg catalog at ${uri.host}`, what, "its answer is none");

  return {
    loadTable: async (table, bounds) => {
      const what = `load ${shown(table)}`;
      const answer = await requests.send({
        method: "GET",
        path: pathOf(await config(bounds), table),
        // An append needs the snapshots that branches name. All of them are a kilobyte each, and every commit adds one.
        query: { snapshots: "refs" },
        what,
        bounds,
      });
      if (answer.type === "missing") return undefined;
      return tableIn(answer, () => unfit(what));
    },
    createTable: async (table, { schema, partitionSpec, location, properties }, bounds) => {
      const what = `create ${shown(table)}`;
      const answer = await requests.send({
        method: "POST",
        path: tablesOf(await config(bounds), table),
        body: {
          name: table.name,
          schema,
          ...(partitionSpec === undefined ? {} : { "partition-spec": partitionSpec }),
          ...(location === undefined ? {} : { location }),
          ...(properties === undefined ? {} : { properties }),
          "stage-create": false,
        },
        what,
        bounds,
      });
      if (answer.type === "conflict") return undefined;
      if (answer.type === "unknown") throw answer.error;
      return tableIn(answer, () => unfit(what));
    },
    commitTable: async (table, commit, bounds) => {
      const what = `commit to ${shown(table)}`;
      const { requirements, updates } = commit;
      const answer = await requests.send({
        method: "POST",
        path: pathOf(await config(bounds), table),
        body: { requirements, updates },
        what,
        bounds,
      });
      if (answer.type !== "done") return answer;
      const loaded = loadedTableOf(answer.reply.body);
      if (loaded === undefined || !holdsCommit(loaded, commit))
        return { type: "unknown", error: unfit(`say whether it did ${what}`) };
      return { type: "applied", table: loaded };
    },
    close: requests.close,
  };
}

function checkAuth(auth: unknown): void {
  const type = memberOf(auth, "type");
  if (auth === undefined || type === "bearer" || type === "client-credentials" || type === "sigv4") return;
  throw invalidOption("auth takes what bearer(), clientCredentials() or sigV4() give");
}

function tableIn(
  answer: { readonly type: string; readonly reply?: { readonly body: unknown } },
  otherwise: () => Error,
): LoadedTable {
  const loaded = loadedTableOf(answer.reply?.body);
  if (loaded === undefined) throw otherwise();
  return loaded;
}

/** "Catalog configuration is constructed by setting the defaults, then client-provided configuration, and finally overrides." */
function configOf(body: unknown): CatalogConfig {
  const setting = (name: string): string | undefined => {
    for (const part of ["overrides", "defaults"]) {
      const value = memberOf(memberOf(body, part), name);
      if (typeof value === "string" && value !== "") return value;
    }
    return undefined;
  };
  // As it is: a prefix that holds an ARN comes encoded, one of several segments with its slashes.
  const prefix = setting("prefix")?.replaceAll(/^\/+|\/+$/g, "");
  const separator = setting("namespace-separator");
  return {
    root: prefix === undefined || prefix === "" ? "/v1" : `/v1/${prefix}`,
    separator:
      separator !== undefined && /^(?:%[0-9A-Fa-f]{2}|[\w.~-])+$/.test(separator) ? separator : SEPARATOR,
  };
}

function tablesOf({ root, separator }: CatalogConfig, { namespace }: TableIdentifier): string {
  return `${root}/namespaces/${namespace.map(encoded).join(separator)}/tables`;
}

function pathOf(config: CatalogConfig, table: TableIdentifier): string {
  return `${tablesOf(config, table)}/${encoded(table.name)}`;
}

/** RFC 3986: what a segment of a path may hold as it is. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function shown({ namespace, name }: TableIdentifier): string {
  return [...namespace, name].join(".");
}
