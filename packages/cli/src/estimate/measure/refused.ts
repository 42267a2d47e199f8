/** Names the servers that may be reached: `host:port`, separated by commas. */
export const ALLOW_VARIABLE = "KINESIS_CONNECTORS_ESTIMATE_ALLOW";

/** Where connections were asked for and refused. */
export const refused: Set<string> = new Set();

/** The servers of the environment. */
export function allowedServers(): ReadonlySet<string> {
  return new Set((process.env[ALLOW_VARIABLE] ?? "").split(","));
}

/**
 * Where a socket is to be connected to: `host:port`, or the path of a local one.
 * @param given what `Socket.connect` was called with, in any of its forms
 */
export function placeOf(given: readonly unknown[]): string {
  // `net.connect` hands its arguments over in a list of their own.
  const [first, second] = Array.isArray(given[0]) ? (given[0] as readonly unknown[]) : given;
  if (typeof first === "object" && first !== null) {
    const { port, host, path } = first as {
      readonly port?: unknown;
      readonly host?: unknown;
      readonly path?: unknown;
    };
    // Agents of HTTP hand the path of the request along; it is that of a socket only where there is no port.
    return typeof port === "number" || typeof port === "string" ? `${hostOf(host)}:${port}` : String(path);
  }
  return typeof first === "number" || /^\d+$/.test(String(first))
    ? `${hostOf(second)}:${String(first)}`
    : String(first);
}

function hostOf(host: unknown): string {
  return typeof host === "string" && host !== "" ? host.toLowerCase() : "localhost";
}

/** What a refused connection fails with. */
export function refusal(place: string): Error {
  return Object.assign(
    new Error(
      `an estimate sends nothing: ${place} was not asked; --allow ${place} lets a transformer ask it`,
    ),
    { code: "ECONNREFUSED" },
  );
}
