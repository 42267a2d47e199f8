import { request } from "node:http";
import { connect, type Socket } from "node:net";
import type {
  Connector,
  ConnectorEvent,
  ConnectorProgress,
  ShardSnapshot,
} from "@kinesis-connectors/consumer";
import { sleep, systemClock } from "@kinesis-connectors/core";
import type { Admin } from "../src/start-admin.js";

export const TOKEN = "t0ken-of-these-tests-with-more-than-32-characters";
export const READ_TOKEN = "read-t0ken-of-these-tests-with-more-than-32-characters";

/** What an answer holds: looked at with `toMatchObject`. */
type JsonObject = Readonly<Record<string, unknown>>;

/** What a request was answered with. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: JsonObject;
}

/** Asks a server over a connection of its own, with any headers. */
export function ask(
  admin: Admin | string,
  path: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly token?: string;
    readonly body?: unknown;
  } = {},
): Promise<Answered> {
  const { method = "GET", headers = {}, token } = options;
  const body =
    options.body === undefined || typeof options.body === "string"
      ? options.body
      : JSON.stringify(options.body);
  const framing =
    body === undefined || "transfer-encoding" in headers
      ? {}
      : { "content-length": `${Buffer.byteLength(body)}` };
  const url = new URL(`${typeof admin === "string" ? admin : admin.url}${path}`);
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method,
      agent: false,
      headers: {
        ...framing,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    asked.on("error", reject);
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          get json() {
            return JSON.parse(text) as JsonObject;
          },
        });
      });
    });
    if (body !== undefined) asked.write(body);
    asked.end();
  });
}

/** Waits until something is true; the test's own time-out is the limit. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(systemClock, 20);
}

/** A connector that does and tells what a test wants. */
export interface ToldConnector extends Connector {
  readonly tell: (event: ConnectorEvent) => void;
  readonly show: (progress: Partial<ConnectorProgress>) => void;
  readonly fail: (error: Error) => void;
  readonly isStopped: () => boolean;
  /** How many iterations are open. */
  readonly listeners: () => number;
}

const TOTALS = {
  recordsRead: 0,
  bytesRead: 0,
  recordsEmitted: 0,
  recordsFiltered: 0,
  deadLetters: 0,
  recordsOfOtherShards: 0,
  bytesEmitted: 0,
  batchesEmitted: 0,
  commits: 0,
};

export function shardOf(shardId: string, more: Partial<ShardSnapshot> = {}): ShardSnapshot {
  return {
    shardId,
    state: "reading",
    sinceMs: 0,
    pausedSinceMs: undefined,
    recordsRead: 0,
    bytesRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    recordsOfOtherShards: 0,
    millisBehindLatest: 0,
    bufferedRecords: 0,
    bufferedBytes: 0,
    batchUnderWay: undefined,
    checkpoint: undefined,
    readThroughMs: undefined,
    retentionLeftMs: undefined,
    lastCommitMs: undefined,
    lastPageMs: undefined,
    failingSinceMs: undefined,
    ...more,
  };
}

export function toldConnector(application = "clicks-to-nowhere"): ToldConnector {
  let progress: ConnectorProgress = {
    application,
    stream: "clicks",
    ownerId: `host:${application}`,
    startedMs: systemClock.now(),
    firstLookDone: true,
    isLeader: false,
    fleetMode: undefined,
    fleet: undefined,
    fleetRole: "peer",
    recordsRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    totals: TOTALS,
    millisBehindLatest: 0,
    batchesUnderWay: 0,
    batchesRetrying: 0,
    readAheadBytes: 0,
    maxReadAheadBytes: 1,
    leaseRenewals: { count: 0, longestUnrenewedMs: 0 },
    leaseTable: { lastLookMs: 0, silentMs: 0, limitMs: 30_000 },
    failoverTimeMs: 10_000,
    retentionMs: 24 * 3_600_000,
    unattendedShards: 0,
    isReady: true,
    shards: [],
  };
  const waiting = new Set<{ readonly events: ConnectorEvent[]; wake: () => void }>();
  let ending: { readonly error?: Error } | undefined;
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  done.catch(() => undefined);
  const tell = (event: ConnectorEvent): void => {
    for (const one of waiting) {
      one.events.push(event);
      one.wake();
    }
  };
  const end = (error?: Error): void => {
    if (ending !== undefined) return;
    tell({ type: "connector-stop", ...(error === undefined ? {} : { error }) });
    ending = error === undefined ? {} : { error };
    for (const one of waiting) one.wake();
    if (error === undefined) settle?.resolve();
    else settle?.reject(error);
  };
  const stop = async (): Promise<void> => end();
  return {
    ownerId: progress.ownerId,
    done,
    stop,
    progress: () => progress,
    batches: () => {
      throw new Error("nobody asks it for batches");
    },
    tell,
    show: (more) => {
      progress = { ...progress, ...more };
    },
    fail: end,
    isStopped: () => ending !== undefined,
    listeners: () => waiting.size,
    [Symbol.asyncDispose]: stop,
    async *[Symbol.asyncIterator]() {
      const one = { events: [] as ConnectorEvent[], wake: (): void => undefined };
      waiting.add(one);
      try {
        for (;;) {
          const event = one.events.shift();
          if (event !== undefined) yield event;
          else if (ending?.error !== undefined) throw ending.error;
          else if (ending !== undefined) return;
          else
            await new Promise<void>((resolve) => {
              one.wake = resolve;
            });
        }
      } finally {
        waiting.delete(one);
      }
    },
  };
}

/** A stream of events, as it is read: all messages so far, by their names. */
export interface EventReader {
  readonly status: number;
  readonly messages: { readonly event: string; readonly data: JsonObject }[];
  readonly isEnded: () => boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly leave: () => void;
}

/** Opens `/api/v1/events` and reads it until it is paused, left or ended. */
export function listenTo(
  admin: Admin,
  path = "/api/v1/events",
  { isPaused = false }: { readonly isPaused?: boolean } = {},
): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, admin.url), { agent: false });
    asked.on("error", reject);
    asked.on("response", (response) => {
      const messages: { event: string; data: JsonObject }[] = [];
      let text = "";
      let isEnded = false;
      response.setEncoding("utf8");
      const ended = (): void => {
        isEnded = true;
      };
      response.on("end", ended);
      response.on("error", ended);
      response.on("close", ended);
      response.on("data", (chunk: string) => {
        const parts = (text + chunk).split("\n\n");
        text = parts.pop() ?? "";
        for (const part of parts) {
          const found = /^event: (.*)\ndata: (.*)$/.exec(part);
          if (found?.[1] === undefined || found[2] === undefined) throw new Error(`no message: ${part}`);
          messages.push({ event: found[1], data: JSON.parse(found[2]) as JsonObject });
        }
      });
      if (isPaused) response.pause();
      resolve({
        status: response.statusCode ?? 0,
        messages,
        isEnded: () => isEnded,
        pause: () => void response.pause(),
        resume: () => void response.resume(),
        leave: () => void asked.destroy(),
      });
    });
    asked.end();
  });
}

/** A bare connection, for what no client sends. */
export function socketTo(admin: Admin): Socket {
  const { hostname, port } = new URL(admin.url);
  return connect(Number(port), hostname);
}
