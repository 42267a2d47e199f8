import { KinesisConnectorError } from "@kinesis-connectors/core";

/**
 * Checks an endpoint that is not AWS's own: `https`, or `http` on this machine or where the caller permits it outright.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function checkedEndpoint(endpoint: string, allowInsecure: boolean, option = "endpoint"): URL {
  const url = typeof endpoint === "string" && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalid(`${option} must be a URL such as https://example.com`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid(`${option} must not hold credentials: give them by the options for them`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowInsecure) {
    throw invalid(
      `${option} is http to another machine (${url.hostname}): use https, or set allowInsecure to true to send records readable`,
    );
  }
  return url;
}

/**
 * The endpoint that a client will use: the option, or what the SDK reads from the environment by itself (the service's own variable
 * before the general one). Both obey the same rule. Undefined where AWS's own is used.
 */
export function namedEndpoint(
  option: string | undefined,
  variable: string,
  allowInsecure: boolean,
): URL | undefined {
  const fromEnvironment = process.env[variable] ?? process.env["AWS_ENDPOINT_URL"];
  const named = option ?? (fromEnvironment === "" ? undefined : fromEnvironment);
  return named === undefined ? undefined : checkedEndpoint(named, allowInsecure);
}

/** Whether a host name of a URL is this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  );
}

function invalid(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", message);
}
