import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { CliError } from "../app/errors.js";
import type { Letter } from "./installed-s3.js";

const FORMAT = "kinesis-connectors redrive journal";

/** A run of letters through a pipeline that has begun: it takes them all, and is ended as a whole. */
export interface PipelineRun {
  /** From 1: each run has a name and rows of its own. */
  readonly number: number;
  /** The letters of it, by `idOf`, and the objects that they are in. */
  readonly ids: readonly string[];
  readonly keys: readonly string[];
}

/** What letters a journal is about. */
export interface JournalHead {
  readonly bucket: string;
  /** Where letters go: a stream, or the one that each came from. */
  readonly stream: string;
}

/**
 * Which letters have been put. A line is written, and is on the disk, before a batch is put and after it: what was begun and is not known to be done was
 * cut off by the end of the process, and may be there.
 */
export class RedriveJournal {
  readonly #file: string;
  readonly #head: JournalHead;
  readonly #done = new Set<string>();
  readonly #begun = new Set<string>();
  /** The code that each letter of the run failed with once more. */
  readonly #failed = new Map<string, string>();
  #runs = 0;
  #run: PipelineRun | undefined;
  #descriptor: number | undefined;

  /** @throws CliError `KC_USAGE` for a file that is no journal, or one of other letters */
  constructor(file: string, head: JournalHead) {
    this.#file = file;
    this.#head = head;
    if (existsSync(file)) this.#read(readFileSync(file, "utf8"));
  }

  /** The run that was cut off, or is under way. */
  get run(): PipelineRun | undefined {
    return this.#run;
  }

  /** How many letters of the run failed once more, by the code that they failed with. */
  get failed(): Readonly<Record<string, number>> {
    const codes: Record<string, number> = {};
    for (const code of this.#failed.values()) codes[code] = (codes[code] ?? 0) + 1;
    return codes;
  }

  /** Begins a run of these letters. */
  beginRun(ids: readonly string[], keys: readonly string[]): PipelineRun {
    this.#append([["run", ids, keys]]);
    this.#startRun(ids, keys);
    return this.#run as PipelineRun;
  }

  /** Notes a letter of the run that failed once more, before the row of its shard moves past it. */
  fail(id: string, code: string): void {
    if (this.#failed.has(id)) return;
    this.#append([["failed", id, code]]);
    this.#failed.set(id, code);
  }

  /** Ends the run: its letters are done, but for those that failed once more. */
  endRun(): void {
    const done = (this.#run?.ids ?? []).filter((id) => !this.#failed.has(id));
    this.#append([...done.map((id) => ["done", id]), ["end"]]);
    for (const id of done) this.#done.add(id);
    this.#run = undefined;
  }

  /** The ids of the letters that are done, of a journal that another command looks into. */
  static doneIn(file: string, bucket: string): ReadonlySet<string> {
    const head = parsed(readFileSync(file, "utf8").split("\n", 1)[0] ?? "") as
      | Partial<JournalHead>
      | undefined;
    return new RedriveJournal(file, { bucket, stream: String(head?.stream) }).#done;
  }

  #startRun(ids: readonly string[], keys: readonly string[]): void {
    this.#runs += 1;
    this.#run = { number: this.#runs, ids, keys };
    this.#failed.clear();
  }

  has(letter: Letter): boolean {
    return this.#done.has(idOf(letter));
  }

  /** Whether a run ended while it put the letter: it may be in the stream, or not. */
  isInDoubt(letter: Letter): boolean {
    return this.#begun.has(idOf(letter)) && !this.has(letter);
  }

  begin(letters: readonly Letter[]): void {
    this.#append(letters.map((letter) => ["begin", idOf(letter)]));
    for (const letter of letters) this.#begun.add(idOf(letter));
  }

  done(letters: readonly Letter[]): void {
    this.#append(letters.map((letter) => ["done", idOf(letter)]));
    for (const letter of letters) this.#done.add(idOf(letter));
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #append(lines: readonly (readonly unknown[])[]): void {
    if (this.#descriptor === undefined) {
      const isNew = !existsSync(this.#file);
      this.#descriptor = openSync(this.#file, "a", 0o600);
      // The last line of an earlier run may have been cut off: what comes now must not become a part of it.
      const begin = isNew ? JSON.stringify({ format: FORMAT, v: 1, ...this.#head }) : "";
      writeFileSync(this.#descriptor, `${begin}\n`);
    }
    // Whole, or not at all with an error: a disk that is full takes a part of what is written at once.
    writeFileSync(this.#descriptor, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
    fsyncSync(this.#descriptor);
  }

  #read(text: string): void {
    const [first = "", ...lines] = text.split("\n");
    const head = parsed(first) as { readonly format?: unknown; readonly v?: unknown } & Partial<JournalHead>;
    if (head?.format !== FORMAT || head.v !== 1)
      throw new CliError(
        "KC_USAGE",
        `${this.#file} is no journal of redrive: name another file by --journal`,
      );
    if (head.bucket !== this.#head.bucket || head.stream !== this.#head.stream)
      throw new CliError(
        "KC_USAGE",
        `${this.#file} is about letters of ${head.bucket} that go to ${head.stream}: name another file by --journal`,
      );
    for (const line of lines) {
      // The last line may have been cut off with the process: what it began is not known to be done.
      const [what, id, more] = (parsed(line) ?? []) as readonly unknown[];
      if (what === "run" && isTexts(id) && isTexts(more)) this.#startRun(id, more);
      if (what === "end") this.#run = undefined;
      if (typeof id !== "string") continue;
      if (what === "failed") this.#failed.set(id, typeof more === "string" ? more : "unknown");
      if (what === "done") this.#done.add(id);
      if (what === "begin") this.#begun.add(id);
    }
  }
}

/** Names a letter for good: the place of its record in the stream that it came from. */
export function idOf({
  stream,
  shardId,
  sequenceNumber,
  subSequenceNumber,
}: Pick<Letter, "stream" | "shardId" | "sequenceNumber" | "subSequenceNumber">): string {
  return `${stream} ${shardId} ${sequenceNumber}.${subSequenceNumber}`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** The journal of letters below a prefix, where none is named. */
export function journalName({
  bucket,
  prefix = "",
}: {
  readonly bucket: string;
  readonly prefix?: string | undefined;
}): string {
  return `redrive-${`${bucket}-${prefix}`.replaceAll(/[^\w.-]+/g, "-").replace(/-$/, "")}.journal`;
}
