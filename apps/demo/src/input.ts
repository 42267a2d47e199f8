import { clicks, openInput, readLines } from "@kinesis-connectors/app-sample";
import type { DemoOptions } from "./options.js";

/** What is put into the stream, and how the archive writes it. */
export interface DemoInput {
  readonly lines: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** JSON documents become NDJSON; anything else becomes lines of text. */
  readonly format: "ndjson" | "lines";
  /** How many lines there are, when that is known beforehand. */
  readonly count: number | undefined;
}

/** Opens the input and looks at its first line: the format of the archive follows from it. */
export async function demoInput(options: DemoOptions): Promise<DemoInput> {
  const { input, records, seed } = options;
  if (input === undefined) return { lines: clicks(records, seed), format: "ndjson", count: records };
  const lines = readLines(openInput(input));
  const first = await lines.next();
  if (first.done === true)
    throw new Error(`--input: ${input === "-" ? "standard input" : input} has no lines`);
  return {
    lines: withFirst(first.value, lines),
    format: isJson(first.value) ? "ndjson" : "lines",
    count: undefined,
  };
}

async function* withFirst(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield first;
  yield* rest;
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString());
    return true;
  } catch {
    return false;
  }
}
