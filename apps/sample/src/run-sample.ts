import { type Flags, type FlagValues, readFlags, UsageError } from "./flags.js";
import { Progress } from "./progress.js";
import { ProgressBar } from "./progress-bar.js";

/** What a sample came to. */
export interface Verdict {
  /** Labels and figures, one a line. */
  readonly lines: readonly (readonly [label: string, figure: string | number])[];
  readonly isRight: boolean;
  /** The last line, where it is right and where it is not. */
  readonly says: readonly [right: string, wrong: string];
  /** What `--json` prints. */
  readonly result: object;
}

/** What a sample is given to run with. */
export interface Running {
  /** Aborted by Ctrl-C: the sample ends what it began, and rejects. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Of somebody who neither stops nor looks, as a test. */
export const UNWATCHED: Running = { signal: new AbortController().signal, progress: new Progress() };

/** A sample as its `main.ts` tells it. */
export interface Sample<Given extends Flags> {
  /** What `--help` prints. */
  readonly usage: string;
  readonly flags: Given;
  /** Gives the verdict; nothing for one that runs until it is stopped. */
  readonly run: (flags: FlagValues<Given>, running: Running) => Promise<Verdict | void>;
}

/** What a program is run from. */
export interface Terminal {
  readonly args: readonly string[];
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly bar: ProgressBar;
  /** Whether errors are shown with their stack. */
  readonly debug: boolean;
}

/** A terminal gives Ctrl-C to npm, to the script and to the program, and the script passes it on where it is not at the terminal: all these are one. */
const ONE_STOP_MS = 500;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs a program: reads its flags, shows its progress, prints its verdict. Exit codes: 0 when it is right, 1 when it is not or fails, 2 for a usage error,
 * 130 after Ctrl-C, with the totals so far. A second Ctrl-C ends it at once. `DEBUG=1` shows the stack of an error.
 */
export async function runSample<Given extends Flags>(name: string, sample: Sample<Given>): Promise<void> {
  const stop = new AbortController();
  let stoppedCode: number | undefined;
  let stoppedMs = 0;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stoppedCode !== undefined) {
        if (performance.now() - stoppedMs > ONE_STOP_MS) process.exit(EXIT_CODES[signal]);
        return;
      }
      stoppedMs = performance.now();
      stoppedCode = EXIT_CODES[signal];
      stop.abort(new Error(`stopped by ${signal}`));
    });
  }
  const exitCode = await exitCodeOf(name, sample, stop.signal, {
    args: process.argv.slice(2),
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    bar: new ProgressBar(),
    debug: process.env["DEBUG"] !== undefined,
  });
  process.exitCode = stoppedCode ?? exitCode;
}

/** Runs a program on a terminal of the caller's; see `runSample`. */
export async function exitCodeOf<Given extends Flags>(
  name: string,
  { usage, flags, run }: Sample<Given>,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  const { out } = terminal;
  const progress = new Progress(terminal.bar);
  const startedMs = performance.now();
  let exitCode = 0;
  try {
    if (terminal.args.includes("--help")) {
      out(`${usage}\n`);
      return 0;
    }
    const given = readFlags(flags, terminal.args);
    const verdict = await run(given, { signal, progress });
    if (verdict !== undefined) exitCode = print(verdict, Reflect.get(given, "json") === true, out);
  } catch (thrown) {
    // What a sample rejects with because it was stopped is nothing to tell of.
    if (!signal.aborted || !(thrown === signal.reason || isAbort(thrown)))
      exitCode = tell(name, thrown, terminal);
  }
  if (signal.aborted)
    out(`stopped after ${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${progress.totals}\n`);
  return exitCode;
}

function print(
  { lines, isRight, says, result }: Verdict,
  asJson: boolean,
  out: (text: string) => void,
): number {
  const width = Math.max(0, ...lines.map(([label]) => label.length));
  for (const [label, figure] of lines) out(`${label.padEnd(width)}  ${figure}\n`);
  out(`${isRight ? says[0] : says[1]}\n`);
  if (asJson) out(`${JSON.stringify(result)}\n`);
  return isRight ? 0 : 1;
}

function tell(name: string, thrown: unknown, { error: write, debug }: Terminal): number {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  write(`${name}: ${error.message}\n`);
  if (debug) write(`${error.stack}\n`);
  const isUsage = error instanceof UsageError || ("code" in error && error.code === "KC_OPTION_INVALID");
  return isUsage ? 2 : 1;
}

/** What Node's own calls reject with when their signal is aborted. */
function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "AbortError";
}
