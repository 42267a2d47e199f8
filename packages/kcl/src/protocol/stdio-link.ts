import type { Readable, Writable } from "node:stream";
import { linesOf } from "./lines.js";
import type { DaemonLink } from "./daemon-link.js";

/** The parts of a process that its daemon speaks with. */
export interface ChildProcessSide {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly on: (signal: "SIGINT" | "SIGTERM", listener: () => void) => unknown;
  readonly off: (signal: "SIGINT" | "SIGTERM", listener: () => void) => unknown;
}

/**
 * The standard input and output of this process, as the daemon uses them. From here on the output belongs to the protocol: what else is written to it,
 * by `console.log` for one, goes to the standard error, which the daemon copies into its log.
 *
 * SIGINT and SIGTERM do nothing any more: a terminal and a service manager send them to the daemon and its children alike, and it is the daemon that
 * says when to end.
 */
export function stdioLink(side: ChildProcessSide): DaemonLink {
  const { stdin, stdout, stderr } = side;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const ignore = (): void => undefined;
  // Whose pipe is gone has no daemon any more; the end of the input says so as well.
  stdout.on("error", ignore);
  side.on("SIGINT", ignore);
  side.on("SIGTERM", ignore);
  return {
    lines: linesOf(stdin),
    // The end of a line that a native library may have begun; the daemon passes over empty ones (`GetNextMessageTask`), and npm's aws-kcl does the same.
    write: (line) => void write(`\n${line}\n`),
    close: () => {
      stdin.destroy();
      stdout.write = write;
      side.off("SIGINT", ignore);
      side.off("SIGTERM", ignore);
    },
  };
}
