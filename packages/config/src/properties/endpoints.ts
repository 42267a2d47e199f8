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
