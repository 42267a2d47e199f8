import { invalidOption, type KinesisConnectorError } from "@kinesis-connectors/core";
import { isLoopback } from "../endpoint.js";
import { directHosts } from "./no-proxy.js";

/** What every client takes as its option `proxy`. */
export type ProxyOption = string | false;

/** A proxy that requests go through. */
export interface Proxy {
  /** Its URL without user and password, for messages. */
  readonly shown: string;
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
  /** What it is told of who asks; a secret. */
  readonly authorization: string | undefined;
}

/** The other end of a connection. */
export interface ProxyTarget {
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
}

/** Says through which proxy a host is reached; undefined for directly. */
export type ProxyRule = (target: ProxyTarget) => Proxy | undefined;

/**
 * The environment, or a part of it.
 * @inline
 */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The rule by which a client finds its proxy.
 *
 * With the option: a URL is the proxy for everything, whatever the environment says; `false` is none. Without it the environment says: `https_proxy` or
 * `HTTPS_PROXY` for endpoints of `https`, `http_proxy` or `HTTP_PROXY` for those of `http`, the small letters first, and `no_proxy` or `NO_PROXY`
 * for hosts that are reached directly (see `directHosts`). An empty variable counts as none, and a host without a scheme as one of `http`: all as curl
 * does (curl(1), "ENVIRONMENT"). This machine is never reached through a proxy of the environment.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option or the variable, and never its value
 */
export function proxyRule(
  option: ProxyOption | undefined,
  variables: Variables = process.env,
): ProxyRule | undefined {
  if (option === false) return undefined;
  if (option !== undefined) {
    const proxy = checkedProxy(option, "proxy");
    return () => proxy;
  }
  const ofHttps = named(variables, "https_proxy");
  const ofHttp = named(variables, "http_proxy");
  if (ofHttps === undefined && ofHttp === undefined) return undefined;
  const isDirect = directHosts(valueOf(variables, "no_proxy")?.value ?? "");
  return ({ isTls, hostname, port }) => {
    const proxy = isTls ? ofHttps : ofHttp;
    if (proxy === undefined || isLoopback(hostname) || isLoopback(`[${hostname}]`)) return undefined;
    return isDirect(hostname, port) ? undefined : proxy;
  };
}

function named(variables: Variables, lowerName: string): Proxy | undefined {
  const found = valueOf(variables, lowerName);
  return found === undefined ? undefined : checkedProxy(found.value, found.name);
}

function valueOf(
  variables: Variables,
  lowerName: string,
): { readonly name: string; readonly value: string } | undefined {
  for (const name of [lowerName, lowerName.toUpperCase()]) {
    const value = variables[name]?.trim();
    if (value !== undefined && value !== "") return { name, value };
  }
  return undefined;
}

function checkedProxy(value: string, option: string): Proxy {
  if (typeof value !== "string") throw invalid(option);
  const text = /^[a-z][a-z0-9+.-]*:\/\//iu.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "") throw invalid(option);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw invalid(option);
  const isTls = url.protocol === "https:";
  return {
    shown: url.origin,
    isTls,
    hostname: url.hostname,
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    authorization: authorizationOf(url, option),
  };
}

/** RFC 7617, and RFC 9110 section 11.7.2. */
function authorizationOf({ username, password }: URL, option: string): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    const both = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(both).toString("base64")}`;
  } catch {
    throw invalidOption(`${option} has a user or a password with a % that is none: write it as %25`);
  }
}

function invalid(option: string): KinesisConnectorError {
  return invalidOption(
    `${option} must be the URL of an http or https proxy, such as http://user:password@proxy.example.com:3128${option === "proxy" ? ", or false for none" : ""}`,
  );
}
