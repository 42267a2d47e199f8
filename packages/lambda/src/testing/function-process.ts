import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { checkOptions, type OptionNames } from "@kinesis-connectors/core";

import type { EventSourceMapping } from "../mapping/event-source-mapping.js";
import { RuntimeApi } from "./runtime-api.js";
import type { FunctionSandbox } from "./sandbox.js";

/** Options of `startFunctionProcess`. */
export interface FunctionProcessOptions {
  /** The `file:` URL of the module that exports the handler. */
  readonly module: string | URL;
  /** The name under which the module exports it. Default `handler`. */
  readonly handler?: string;
  /** Variables of the function, beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What ListEventSourceMappings answers the function. Default: that there is none. */
  readonly mappings?: () => readonly EventSourceMapping[];
  /** Told what the function writes to its log. Default: nobody is. */
  readonly onOutput?: (text: string) => void;
}

const NAMES: OptionNames<FunctionProcessOptions> = {
  module: "required",
  handler: true,
  env: true,
  mappings: true,
  onOutput: true,
};

/**
 * A sandbox that is a process of its own: Node loads the function as Lambda's runtime does, and asks a runtime API on 127.0.0.1 for its events. It is killed by SIGKILL, frozen by
 * SIGSTOP and thawed by SIGCONT.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export async function startFunctionProcess(options: FunctionProcessOptions): Promise<FunctionSandbox> {
  checkOptions("startFunctionProcess", options, NAMES);
  const { module, handler = "handler", env = {}, mappings = () => [], onOutput = () => undefined } = options;
  const api = new RuntimeApi(mappings);
  await api.listen();
  const child = spawn(process.execPath, [fileURLToPath(new URL("bootstrap.js", import.meta.url))], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      AWS_ENDPOINT_URL_LAMBDA: `http://${api.address}`,
      ...env,
      AWS_LAMBDA_RUNTIME_API: api.address,
      _HANDLER: `${String(module)}#${handler}`,
    },
  });
  for (const output of [child.stdout, child.stderr])
    output.on("data", (chunk: Uint8Array) => onOutput(Buffer.from(chunk).toString("utf8")));
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string): void => {
      isOver = true;
      api.fail(new Error(`the function's process ended: ${reason}`));
      resolve();
    };
    child.once("error", ({ message }) => end(message));
    child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
  });
  const send = (signal: NodeJS.Signals): void => {
    if (!isOver) child.kill(signal);
  };
  return {
    invoke: async (event, order) => await api.invoke(event, order),
    isOver: () => isOver,
    kill: () => {
      send("SIGKILL");
      void ended.then(() => api.close());
    },
    freeze: () => send("SIGSTOP"),
    thaw: () => send("SIGCONT"),
    close: async () => {
      send("SIGKILL");
      await ended;
      await api.close();
    },
  };
}
