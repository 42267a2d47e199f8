import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { sleep, systemClock } from "@kinesis-connectors/core";
import { installed, type Package } from "./install.js";

/** A stand-in for Kinesis that others made. */
export interface EmulatorSpec {
  readonly name: string;
  readonly package: Package;
  /** How its program is started on a port. */
  readonly start: (
    program: string,
    port: number,
    sparePort: number,
  ) => {
    readonly command: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  };
  /** Whether it keeps what is put in CBOR so that readers can read it. */
  readonly keepsCbor: boolean;
  /** Whether it stands in for Firehose, S3 and SQS as well. */
  readonly takesPuts?: boolean;
}

const LOOPBACK_ONLY = fileURLToPath(new URL("../loopback-only.cjs", import.meta.url));

export const EMULATORS: readonly EmulatorSpec[] = [
  {
    name: "kinesalite",
    package: { from: "npm", name: "kinesalite", version: "3.3.3", program: "kinesalite/cli.js" },
    start: (program, port) => ({
      command: process.execPath,
      args: [
        "--require",
        LOOPBACK_ONLY,
        program,
        "--port",
        String(port),
        "--createStreamMs",
        "50",
        "--updateStreamMs",
        "50",
      ],
    }),
    keepsCbor: false,
  },
  {
    name: "kinesis-mock",
    package: { from: "npm", name: "kinesis-local", version: "0.6.2", program: "kinesis-local/main.js" },
    start: (program, port, sparePort) => ({
      command: process.execPath,
      args: ["--require", LOOPBACK_ONLY, program],
      env: {
        KINESIS_MOCK_PLAIN_PORT: String(port),
        KINESIS_MOCK_TLS_PORT: String(sparePort),
        LOG_LEVEL: "ERROR",
      },
    }),
    keepsCbor: true,
  },
  {
    name: "moto",
    package: { from: "pypi", name: "moto[server]", version: "5.2.5", command: "moto_server" },
    start: (program, port) => ({ command: program, args: ["-H", "127.0.0.1", "-p", String(port)] }),
    keepsCbor: true,
    takesPuts: true,
  },
];

/** An emulator that listens. */
export interface Running extends AsyncDisposable {
  readonly endpoint: string;
}

const START_TIMEOUT_MS = 60_000;

/**
 * Installs and starts an emulator on loopback.
 * @throws Missing where it cannot be had; an error with what it said where it does not come up
 */
export async function startEmulator(spec: EmulatorSpec): Promise<Running> {
  const program = await installed(spec.package);
  const [port, sparePort] = [await freePort(), await freePort()];
  const { command, args, env = {} } = spec.start(program, port, sparePort);
  // Each emulator in the folder of its program: one of them looks for its certificate there.
  const cwd = program.slice(0, program.lastIndexOf("/"));
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-400);
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const deadlineMs = systemClock.monotonicNow() + START_TIMEOUT_MS;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null || systemClock.monotonicNow() > deadlineMs) {
      await end(child);
      throw new Error(`${spec.name} did not come up: ${said.trim().split("\n").at(-1) ?? "it said nothing"}`);
    }
    await sleep(systemClock, 100);
  }
  return { endpoint, [Symbol.asyncDispose]: () => end(child) };
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint);
    return true;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
