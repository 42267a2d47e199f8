import { type AwsCredentials, checkCredentials, checkedEndpoint } from "@kinesis-connectors/aws";
import { checkOptions, invalidOption, nonEmptyText, type OptionNames } from "@kinesis-connectors/core";

/** How a catalog is told who asks: made by `bearer()`, `clientCredentials()` or `sigV4()`. */
export type CatalogAuthorization =
  | { readonly type: "bearer"; readonly token: TokenSource }
  | ({ readonly type: "client-credentials" } & ClientCredentialsOptions)
  | ({ readonly type: "sigv4" } & SigV4Options);

/** A token, or what fetches the present one; it is asked again when the catalog refuses one as over. */
export type TokenSource = string | (() => string | Promise<string>);

/** Options of `clientCredentials`. */
export interface ClientCredentialsOptions {
  /** Who asks. */
  readonly clientId: string;
  /** What only the two of them know. */
  readonly clientSecret: string;
  /** Where tokens are given: `https`, or `http` on this machine. Default: `<uri>/v1/oauth/tokens`, which catalogs are moving away from. */
  readonly tokenUri?: string;
  /** What the token is for. Default `catalog`, as Iceberg's own clients ask. */
  readonly scope?: string;
}

/** Options of `sigV4`. */
export interface SigV4Options {
  /** The region of the catalog. */
  readonly region: string;
  /** `glue` for the Glue Data Catalog, `s3tables` for a table bucket's own catalog; of other services what their documentation says. */
  readonly service: "glue" | "s3tables" | (string & {});
  /** Keys, or what fetches them. Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
}

const CLIENT_CREDENTIALS_NAMES: OptionNames<ClientCredentialsOptions> = {
  clientId: "required",
  clientSecret: "required",
  tokenUri: true,
  scope: true,
};
const SIGV4_NAMES: OptionNames<SigV4Options> = { region: "required", service: "required", credentials: true };

/**
 * Sends a token with every request (RFC 6750).
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function bearer(token: TokenSource): CatalogAuthorization {
  if (typeof token !== "function" && (typeof token !== "string" || !isToken(token)))
    throw invalidOption("bearer() takes a token, or a function that fetches one");
  return { type: "bearer", token };
}

/**
 * Exchanges an id and a secret for tokens (RFC 6749 section 4.4), as long as each lives.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function clientCredentials(options: ClientCredentialsOptions): CatalogAuthorization {
  checkOptions("clientCredentials", options, CLIENT_CREDENTIALS_NAMES);
  for (const name of ["clientId", "clientSecret"] as const)
    if (typeof options[name] !== "string" || options[name] === "")
      throw invalidOption(`clientCredentials.${name} must be a text that is not empty`);
  if (options.scope !== undefined) nonEmptyText("clientCredentials.scope", options.scope);
  if (options.tokenUri !== undefined) checkedEndpoint(options.tokenUri, false, "clientCredentials.tokenUri");
  return { type: "client-credentials", ...options };
}

/**
 * Signs every request for a service of AWS (Signature Version 4).
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function sigV4(options: SigV4Options): CatalogAuthorization {
  checkOptions("sigV4", options, SIGV4_NAMES);
  nonEmptyText("sigV4.region", options.region);
  nonEmptyText("sigV4.service", options.service);
  checkCredentials("sigV4.credentials", options.credentials);
  return { type: "sigv4", ...options };
}

/** RFC 6750 section 2.1: nothing else can stand in the header. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(text);
}
