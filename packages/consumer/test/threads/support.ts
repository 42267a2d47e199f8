import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { LocalAws } from "@kinesis-connectors/local";

// Built, because what runs in a thread is loaded by Node itself.
import type { ConnectorOptions } from "../../dist/index.js";
import { collector, optionsFor, STREAM, textPipeline } from "../connector/support.js";

type Options = ConnectorOptions<string, string>;

/** What a pipeline in whatever thread told of itself. */
export interface Told {
  readonly folder: string;
  /** What was emitted of each shard, in order. */
  readonly byShard: () => Record<string, string[]>;
  readonly outputs: () => string[];
  /** The threads that emitted something. */
  readonly emitters: () => ReadonlySet<number>;
  /** How often a destination was opened and closed. */
  readonly life: () => { readonly opened: number; readonly closed: number };
  /** Lines that reached the pipeline's own logger. */
  readonly log: () => readonly { readonly message: string }[];
  readonly [Symbol.dispose]: () => void;
}

/** A folder for what pipelines tell. */
export function listening(): Told {
  const folder = mkdtempSync(join(tmpdir(), "kinesis-connectors-threads-"));
  const read = <Line>(name: string): Line[] => {
    const path = join(folder, `${name}.ndjson`);
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    return lines.filter((line) => line !== "").map((line): Line => JSON.parse(line));
  };
  const batches = () => read<{ shardId: string; threadId: number; outputs: string[] }>("batches");
  return {
    folder,
    byShard: () => {
      const byShard: Record<string, string[]> = {};
      for (const { shardId, outputs } of batches()) (byShard[shardId] ??= []).push(...outputs);
      return byShard;
    },
    outputs: () => batches().flatMap(({ outputs }) => outputs),
    emitters: () => new Set(batches().map(({ threadId }) => threadId)),
    life: () => {
      const steps = read<{ step: string }>("life").map(({ step }) => step);
      const count = (wanted: string): number => steps.filter((step) => step === wanted).length;
      return { opened: count("open"), closed: count("close") };
    },
    log: () => read<{ message: string }>("log"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** The module of a pipeline of these tests, with what it is given. */
export function moduleOf(name: string, told: Told, parameters: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`./pipelines/${name}.mjs`, import.meta.url);
  url.search = new URLSearchParams({ folder: told.folder, ...parameters }).toString();
  return url;
}

/** The options of a connector on threads. */
export function threadedOptions(
  local: LocalAws,
  pipeline: URL,
  threads: number,
): Options & { readonly pipeline: string } {
  return { ...optionsFor(local, textPipeline(collector().emitter)), pipeline: pipeline.href, threads };
}

/** What is in the stream, shard by shard. */
export function inStream(local: LocalAws): Record<string, string[]> {
  const texts: Record<string, string[]> = {};
  for (const { shardId, data } of local.kinesis.records(STREAM))
    (texts[shardId] ??= []).push(data.toString("utf8"));
  return texts;
}

/** What a process of its own said of its connector, and how it ended. */
export interface ProcessEnd {
  readonly said: { readonly code?: string; readonly message?: string; readonly causeCode?: string };
  readonly exitCode: number | null;
}

/** Runs a connector in a process of its own, and waits for the end of the process. */
export function runProcess(
  options: ProcessOptions,
  task: "stop" | "wait",
  nodeOptions: readonly string[] = [],
): Promise<ProcessEnd> {
  return startProcess(options, { task, nodeOptions }).ended;
}

type ProcessOptions = Omit<Options, "pipeline"> & { readonly pipeline: string };

/** A connector in a process of its own. */
export interface ConnectorProcess {
  /** Asks for a graceful stop. */
  readonly stop: () => void;
  /** `kill -9`. */
  readonly kill: () => void;
  readonly ended: Promise<ProcessEnd>;
}

/** Starts one. */
export function startProcess(
  options: ProcessOptions,
  {
    task = "wait",
    nodeOptions = [],
    variables = {},
  }: {
    readonly task?: "stop" | "wait";
    readonly nodeOptions?: readonly string[];
    /** Of the environment, beside those of this process. */
    readonly variables?: Readonly<Record<string, string>>;
  },
): ConnectorProcess {
  const program = fileURLToPath(new URL("./programs/one-connector.mjs", import.meta.url));
  const child = fork(program, [JSON.stringify(options), task], {
    execArgv: [...nodeOptions],
    env: { ...process.env, ...variables },
  });
  let said: ProcessEnd["said"] = {};
  child.on("message", (message: ProcessEnd["said"]) => (said = message));
  const ended = (async (): Promise<ProcessEnd> => {
    // Not its exit: what it said last may come after that.
    const [exitCode]: (number | null)[] = await once(child, "close");
    return { said, exitCode: exitCode ?? null };
  })();
  return { stop: () => void child.send("stop"), kill: () => void child.kill("SIGKILL"), ended };
}
