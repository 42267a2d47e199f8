import type { Properties } from "./properties.js";

/** An endpoint of a Java file, which may lack its scheme. */
export interface JavaEndpoint {
  /** Undefined for AWS's own, which the region says. */
  readonly endpoint: string | undefined;
  /** Of an endpoint of AWS. */
  readonly region: string | undefined;
}

const OF_AWS = /(?:^|\.)amazonaws\.com(?:\.cn)?$/;
const REGION = /(?:^|[.-])([a-z]{2}(?:-[a-z]+)+-\d)\./;

/** Undefined for what is no address. */
export function endpointOf(text: string): JavaEndpoint | undefined {
  const address = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(address)) return undefined;
  const { hostname, origin } = new URL(address);
  if (!OF_AWS.test(hostname)) return { endpoint: origin, region: undefined };
  return { endpoint: undefined, region: REGION.exec(hostname)?.[1] };
}

/** An endpoint that is none of AWS's. */
export function ownEndpoint(properties: Properties, key: string): string | undefined {
  return addressOf(properties, key)?.endpoint;
}

/** An endpoint; undefined where there is none, or what is there is no address. */
export function addressOf(properties: Properties, key: string): JavaEndpoint | undefined {
  const text = properties.text(key);
  if (text === undefined) return undefined;
  const found = endpointOf(text);
  if (found === undefined) properties.note(key, "is no address, and was left out");
  else if (found.endpoint === undefined) properties.note(key, "was left out: the region says it");
  return found;
}

/** Whether an address is this machine's. */
export function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The parts of a JDBC URL of Redshift: what the Data API needs of it. */
export interface JdbcUrl {
  readonly cluster: string | undefined;
  readonly workgroup: string | undefined;
  readonly region: string | undefined;
  readonly database: string | undefined;
}

/** `jdbc:redshift://<cluster>.<id>.<region>.redshift.amazonaws.com:5439/<database>`, or that of a workgroup; undefined for anything else. */
export function jdbcUrl(text: string): JdbcUrl | undefined {
  const [, host = "", database] =
    /^jdbc:(?:redshift|postgresql)(?::iam)?:\/\/([^/:?]+)(?::\d+)?(?:\/([^?;]*))?/.exec(text) ?? [];
  if (host === "") return undefined;
  const [name = "", , region] = host.split(".");
  const isServerless = host.includes(".redshift-serverless.");
  if (!isServerless && !host.includes(".redshift.")) return undefined;
  return {
    cluster: isServerless ? undefined : name,
    workgroup: isServerless ? name : undefined,
    region,
    database: database === "" ? undefined : database,
  };
}
