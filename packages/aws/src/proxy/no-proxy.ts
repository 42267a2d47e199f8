import { BlockList, isIP } from "node:net";

/** Whether a host is reached directly. IPv6 addresses may stand in brackets. */
export type IsDirect = (hostname: string, port: number) => boolean;

/**
 * Reads a list of hosts that are reached without a proxy, as curl reads `NO_PROXY` (curl(1), "--noproxy", everything.curl.dev, "Proxy environment
 * variables"): names divided by commas or blanks, each good for itself and all names below it, with or without a dot before it (or `*.`, as
 * undici writes); addresses, and ranges of them as CIDR; `*` for all. An entry may end with a port, and is good for that one only then.
 *
 * Names are not looked up: a range is compared with hosts that are addresses.
 */
export function directHosts(list: string): IsDirect {
  const rules = list
    .toLowerCase()
    .split(/[\s,]+/u)
    .filter((entry) => entry !== "")
    .map(ruleOf);
  return (hostname, port) => {
    const host = bare(hostname.toLowerCase());
    return rules.some((matches) => matches(host, port));
  };
}

type Rule = (host: string, port: number) => boolean;

function ruleOf(entry: string): Rule {
  if (entry === "*") return () => true;
  const range = /^(.+)\/(\d{1,3})$/u.exec(entry);
  if (range?.[1] !== undefined) return rangeRule(bare(range[1]), Number(range[2]));
  const { name, port } = parted(entry);
  const isPort = (given: number): boolean => port === undefined || port === given;
  if (isIP(name) !== 0) {
    const only = new BlockList();
    only.addAddress(name, familyOf(name));
    return (host, given) => isIP(host) !== 0 && only.check(host, familyOf(host)) && isPort(given);
  }
  const suffix = `.${name.replace(/^\*?\./u, "")}`;
  return (host, given) => `.${host}`.endsWith(suffix) && isPort(given);
}

function rangeRule(network: string, bits: number): Rule {
  const family = isIP(network);
  // What is no range is like no host.
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return () => false;
  const range = new BlockList();
  range.addSubnet(network, bits, familyOf(network));
  return (host) => isIP(host) !== 0 && range.check(host, familyOf(host));
}

/** An entry's name and port. More than one colon without brackets is an IPv6 address. */
function parted(entry: string): { readonly name: string; readonly port: number | undefined } {
  const found = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/u.exec(entry);
  if (found?.[1] === undefined) return { name: bare(entry), port: undefined };
  return { name: bare(found[1]), port: Number(found[2]) };
}

/** Without the brackets of an address, or the dot that ends a full name. */
function bare(host: string): string {
  if (host.startsWith("[") && host.endsWith("]")) return host.slice(1, -1);
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
