import { type OutgoingHttpHeaders, STATUS_CODES } from "node:http";
import type { Clock } from "../clock.js";
import { findFault, type FiredFault } from "../faults.js";
import type { Exchange } from "./exchange.js";

/** A complete answer. */
export interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Buffer;
}

/** Waits on the servers' clock. */
export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve);
  });
}

/** Applies the `delay` faults of one phase. */
export async function delayFault(
  clock: Clock,
  faults: readonly FiredFault[],
  phase: "before" | "after",
): Promise<void> {
  const delay = findFault(faults, "delay", phase);
  if (delay) await pause(clock, delay.delayMs);
}

/**
 * Sends an answer, damaged as the fired transport faults say.
 *
 * @returns the status that reached the wire, 0 when none did
 */
export async function sendReply(
  exchange: Exchange,
  reply: Reply,
  faults: readonly FiredFault[],
  clock: Clock,
): Promise<number> {
  const { response } = exchange;
  // Encoded once: Node would go over a string twice, for its length and for its bytes.
  const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
  const headers: OutgoingHttpHeaders = { ...reply.headers, "content-length": body.length };
  if (faults.length === 0) {
    response.writeHead(reply.status, headers);
    response.end(body);
    return reply.status;
  }
  if (findFault(faults, "half-open")) {
    exchange.silenceAll();
    return 0;
  }
  const reset = findFault(faults, "reset");
  if (findFault(faults, "reply-lost") || reset?.at === "before-headers") {
    exchange.reset();
    return 0;
  }
  if (reset?.at === "inside-headers") {
    exchange.writeRaw("HTTP/1.1 200 OK\r\ncontent-le");
    // The bytes must leave before the connection does, or this is a reset before the headers.
    setImmediate(() => {
      response.destroy();
    });
    return 0;
  }
  const contentType = findFault(faults, "content-type");
  if (contentType) headers["content-type"] = contentType.value;
  response.writeHead(reply.status, headers);

  const half = Math.floor(body.length / 2);
  const stalled = findFault(faults, "stalled-body");
  const halfClose = findFault(faults, "half-close");
  const slow = findFault(faults, "slow-body");
  if (stalled) {
    response.write(body.subarray(0, stalled.afterBytes ?? half));
    return reply.status;
  }
  if (reset || halfClose || findFault(faults, "truncated-body")) {
    const sent = body.subarray(0, halfClose?.afterBytes ?? half);
    response.write(sent, () => {
      if (reset) exchange.reset();
      else response.destroy();
    });
    return reply.status;
  }
  if (slow) {
    const stepMs = 100;
    const stepBytes = Math.max(1, Math.floor((slow.bytesPerSecond * stepMs) / 1000));
    const client = { gone: false };
    response.once("close", () => {
      client.gone = true;
    });
    for (let at = 0; at < body.length && !client.gone; at += stepBytes) {
      response.write(body.subarray(at, at + stepBytes));
      await pause(clock, stepMs);
    }
    response.end();
    return reply.status;
  }
  response.end(body);
  const surplus = findFault(faults, "surplus-answer");
  if (surplus) sendAgain(exchange, { status: reply.status, headers, body }, surplus, clock);
  return reply.status;
}

/** The same answer behind the answer, past Node, which would not send it. */
function sendAgain(
  { request, writeRaw }: Exchange,
  {
    status,
    headers,
    body,
  }: { readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: Buffer },
  { copies = 1, afterMs = 0 }: { readonly copies?: number; readonly afterMs?: number },
  clock: Clock,
): void {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`);
  const answer = request.method === "HEAD" ? head : Buffer.concat([head, body]);
  const bytes = Buffer.concat(Array.from({ length: copies }, () => answer));
  if (afterMs === 0) writeRaw(bytes);
  else clock.setTimer(afterMs, () => writeRaw(bytes));
}
