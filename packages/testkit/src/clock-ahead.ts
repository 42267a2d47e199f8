import { once } from "node:events";
import { createServer, request as send, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkOptions, type OptionNames, systemClock } from "@kinesis-connectors/core";

/** The service whose way of refusing a signature is played. */
export type ClockAheadService = "s3" | "opensearch" | "json";

/** Options of `startClockAhead`. */
export interface ClockAheadOptions {
  /** By how much the service is ahead at first, in milliseconds. */
  readonly aheadMs: number;
  /** Default `json`, which is how Kinesis, DynamoDB and the Data API of Redshift answer. */
  readonly service?: ClockAheadService;
}

const NAMES: OptionNames<ClockAheadOptions> = { aheadMs: "required", service: true };

/** A service whose clock is ahead of the machine's, in front of a local server. */
export interface ClockAhead extends AsyncDisposable {
  /** The address to give to a client in place of the server's own. */
  readonly endpoint: string;
  /** By how much the service is ahead, in milliseconds; negative for behind. May be changed at any time, as a step of NTP does. */
  aheadMs: number;
  /** Requests that were passed on, and those refused for their time of signing. */
  readonly passed: number;
  readonly refused: number;
}

// SigV4: a signature is good for five minutes; S3 takes fifteen (AWS General Reference, S3 API reference RequestTimeTooSkewed).
const WINDOW_MS = 300_000;
const S3_WINDOW_MS = 900_000;

/**
 * Plays a service whose clock is `aheadMs` ahead of the machine's: requests that were signed outside of its window are refused as AWS
 * does, with its own time in the header `date`, and the others are passed on. On loopback; close it with `await using`.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export async function startClockAhead(target: string, options: ClockAheadOptions): Promise<ClockAhead> {
  checkOptions("startClockAhead", options, NAMES);
  const { aheadMs, service = "json" } = options;
  const to = new URL(target);
  let passed = 0;
  let refused = 0;
  const server = createServer((request, response) => {
    const nowMs = systemClock.now() + ahead.aheadMs;
    const signed = request.headers["x-amz-date"];
    const isInWindow = Math.abs(nowMs - signedMs(signed)) <= (service === "s3" ? S3_WINDOW_MS : WINDOW_MS);
    const date = new Date(nowMs).toUTCString();
    if (!isInWindow) {
      refused += 1;
      request.resume();
      request.on("end", () => refuse(response, service, { date, nowMs, signed: String(signed) }));
      return;
    }
    passed += 1;
    const { method = "GET", url = "/", headers } = request;
    const onward = send({ hostname: to.hostname, port: to.port, method, path: url, headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, date });
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  const ahead: ClockAhead = {
    endpoint: `http://127.0.0.1:${port}`,
    aheadMs,
    get passed() {
      return passed;
    },
    get refused() {
      return refused;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return ahead;
}

interface Refusal {
  readonly date: string;
  readonly nowMs: number;
  readonly signed: string;
}

function refuse(
  response: ServerResponse,
  service: ClockAheadService,
  { date, nowMs, signed }: Refusal,
): void {
  const earliest = new Date(nowMs - WINDOW_MS).toISOString().replaceAll(/[:-]|\.\d{3}/gu, "");
  const text = `Signature expired: ${signed} is now earlier than ${earliest}`;
  switch (service) {
    case "s3":
      response.writeHead(403, { date, "content-type": "application/xml" });
      response.end(
        `<?xml version="1.0"?><Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message><ServerTime>${new Date(nowMs).toISOString()}</ServerTime></Error>`,
      );
      return;
    case "opensearch":
      response.writeHead(403, { date, "content-type": "application/json" });
      response.end(JSON.stringify({ message: text }));
      return;
    default:
      response.writeHead(400, {
        date,
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-errortype": "InvalidSignatureException",
      });
      response.end(JSON.stringify({ __type: "InvalidSignatureException", message: text }));
  }
}

/** The time in a header such as `20261129T081500Z`; not a number without one. */
function signedMs(header: string | string[] | undefined): number {
  const found = typeof header === "string" ? /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(header) : null;
  if (found === null) return Number.NaN;
  const [, year, month, day, hours, minutes, seconds] = found.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hours, minutes, seconds);
}
