// One worker of ours on loopback endpoints; what it does is in the file INTEROP_OUT, as the Java worker's. SIGTERM stops it gracefully.
import { polling, startConnector } from "@kinesis-connectors/consumer";
import {
  type Batch,
  definePipeline,
  type Emitter,
  type Logger,
  sleep,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import { appendFileSync } from "node:fs";
import { variableOf } from "../rig/worker-settings.js";

const id = given("id");
const out = given("out");
const workMs = number("workMs", 0);
const paceMs = number("idleMs", 250);
const cpuPercent = number("cpuPercent", Number.NaN);
const cpuPercentPerShard = number("cpuPercentPerShard", 0);
const position = given("position", "TRIM_HORIZON");

function given(name: string, byDefault?: string): string {
  const value = process.env[variableOf(name)] ?? byDefault;
  if (value === undefined) throw new Error(`${variableOf(name)} is not set`);
  return value;
}

function number(name: string, byDefault: number): number {
  return Number(given(name, String(byDefault)));
}

function tell(type: string, more: object = {}): void {
  appendFileSync(out, `${JSON.stringify({ t: Date.now(), w: id, type, ...more })}\n`);
}

function modeOf(text: string): "auto" | "2x" | "3x" {
  if (text === "auto" || text === "2x" || text === "3x") return text;
  throw new Error(`${variableOf("mode")} is ${text}`);
}

const shards = new Set<string>();

/** As the Java worker's `WorkerMetric`. */
function measureCpu(): Promise<number> {
  return Promise.resolve(cpuPercent + cpuPercentPerShard * shards.size);
}

const emit = async ({ entries, shardId }: Batch<string>) => {
  const records = entries.map(({ record, output }) => [
    output,
    record.sequenceNumber,
    record.subSequenceNumber,
  ]);
  tell("records", { shard: shardId, records });
  if (workMs > 0) await sleep(systemClock, workMs);
  return { failed: [] };
};
const capabilities = { duplicates: "none", ordering: "shard" } as const;
const planned: Emitter<string, { readonly place: string }> = {
  capabilities,
  plan: () => ({ place: "told" }),
  emit,
};
const unplanned: Emitter<string> = { capabilities, emit };

const logOf =
  (level: string) =>
  (first: unknown, message?: unknown): void =>
    tell("log", { level, message: String(message ?? first) });
const silent = (): void => undefined;
const logger: Logger = {
  debug: silent,
  info: silent,
  warn: logOf("warn"),
  error: logOf("error"),
};
const buffer = { maxRecords: number("maxRecords", 50), maxAgeMs: paceMs };
const shared = {
  application: given("application"),
  stream: given("stream"),
  workerId: id,
  region: given("region"),
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  endpoints: { kinesis: given("kinesis"), dynamodb: given("dynamodb") },
  initialPosition:
    position === "TRIM_HORIZON" || position === "LATEST" ? position : { at: new Date(Number(position)) },
  retrieval: polling({ idlePollMs: Math.max(200, paceMs) }),
  logger,
  stopDeadlineMs: 15_000,
  leases: {
    failoverTimeMs: number("failoverMs", 5_000),
    auditPeriodMs: number("auditMs", 5_000),
    cleanupPeriodMs: number("cleanupMs", 5_000),
    fleetModePeriodMs: number("fleetModeMs", 60_000),
    parentPollMs: 1_000,
    mode: modeOf(given("mode", "auto")),
  },
  ...(Number.isNaN(cpuPercent) ? {} : { measureCpu }),
} as const;
const connector = await (given("plan", "false") === "true"
  ? startConnector({ ...shared, pipeline: definePipeline({ transformer: text(), buffer, emitter: planned }) })
  : startConnector({
      ...shared,
      pipeline: definePipeline({ transformer: text(), buffer, emitter: unplanned }),
    }));
tell("start", { owner: connector.ownerId });

for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => {
    tell("stop-begin");
    void connector.stop().then(() => tell("stop-end"), failed);
  });

const TOLD = /^(?:lease|parent|shard|leader|hole|fleet|worker|event-loop|retention)-/;
const telling = (async () => {
  for await (const event of connector) {
    const { type, ...more } = event;
    const { shardId: shard } = more as { readonly shardId?: string };
    if (type === "shard-start") shards.add(event.shardId);
    else if (type === "shard-end" || type === "shard-stop") shards.delete(event.shardId);
    if (type === "shard-start")
      tell("begin", { shard, checkpoint: event.checkpoint?.sequenceNumber, pending: event.inherited });
    else if (type === "shard-end") tell("ended", { shard });
    else if (type === "lease-lose") tell("lost", { shard, reason: event.reason });
    if (TOLD.test(type))
      tell(`event:${type}`, { shard, ...more, ...("error" in event ? { error: worded(event.error) } : {}) });
  }
})();

function worded(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? `${String(error.code)}: ${error.message}` : error.message;
}

function failed(error: unknown): void {
  tell("failed", { error: worded(error) });
  process.exitCode = 1;
}

try {
  await connector.done;
  await telling;
} catch (error) {
  failed(error);
}
