import type { ColdFigure } from "../cold/cold-figure.js";
import type { SummaryRow } from "./summary.js";
import type { Target } from "./targets.js";

/** Everything that a run came to: what `--json` prints and `--write-docs` keeps. */
export interface Run {
  /** Day of the run, ISO 8601. */
  readonly date: string;
  readonly machine: {
    readonly node: string;
    readonly cpu: string;
    readonly cores: number;
    readonly pinning: string;
    /** Processes that ran or waited for a core in the minute before the run. */
    readonly load: number;
    /** Versions of peers that were measured. */
    readonly peers: readonly string[];
  };
  readonly minutes: number;
  readonly windowCpuMs: number;
  readonly rows: readonly SummaryRow[];
  readonly cold: readonly ColdFigure[];
  readonly targets: readonly Target[];
}

/** What the rest of a machine may do beside a run of which figures are kept. */
const QUIET_LOAD = 0.5;

/** Windows below this are spent in compiling what is hot. */
const BRIEF_WINDOW_MS = 400;

const BRIEF =
  "So short a run shows that its rows run, and compares nothing: pass over its ratios and targets.";

/** The conditions in a sentence or two. */
export function conditions({ date, machine, minutes, windowCpuMs, rows }: Run): string {
  const rounds = rows.map((row) => row.rounds);
  const [least, most] = [Math.min(...rounds), Math.max(...rounds)];
  const counted =
    rounds.length === 0
      ? "no rows"
      : `${least === most ? least : `${least} to ${most}`} round${most === 1 ? "" : "s"}`;
  const peers = machine.peers.length === 0 ? "no peers in other languages" : machine.peers.join(", ");
  const { node, cores, pinning, load } = machine;
  return `${date}, Node ${node.replace("v", "")}, ${cores} cores of ${machine.cpu}, ${pinning}, load before the run ${load.toFixed(1)}; ${counted}, windows of ${windowCpuMs} CPU-ms, ${Math.ceil(minutes)} minutes; ${peers}.${windowCpuMs < BRIEF_WINDOW_MS ? ` ${BRIEF}` : ""}`;
}

/** What is said of a run beside which other work ran. */
export const BUSY =
  "The machine had other work until then, and may have had some beside the run: where a cell is a range, that may be the reason.";

/** Whether other work ran beside it. */
export function wasBusy({ machine }: Run): boolean {
  return machine.load > QUIET_LOAD;
}

const DIGITS = 5;

/** The run as it is kept in a file: a row on each line, and no more digits than mean something. */
export function keptText(run: Run): string {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, member: unknown) =>
      typeof member === "number" ? Number(member.toPrecision(DIGITS)) : member,
    );
  const members = Object.entries(run).map(([name, value]: [string, unknown]) =>
    Array.isArray(value)
      ? `"${name}": [${value.map((entry) => `\n  ${text(entry)}`).join(",")}\n ]`
      : `"${name}": ${text(value)}`,
  );
  return `{\n ${members.join(",\n ")}\n}\n`;
}
