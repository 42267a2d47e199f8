import type { CliContext } from "../app/context.js";
import { printableJson } from "../output/output.js";
import type { Decoding } from "../records/flags.js";
import { recordLine } from "../records/record-line.js";
import type { LetterFlags } from "./flags.js";
import { lettersOf } from "./letters.js";

export interface ShowLettersFlags extends LetterFlags {
  readonly limit: number;
  readonly decode: Decoding;
}

/** `dead-letters show`: with --json the lines are in one object. */
export async function showDeadLetters(
  context: CliContext,
  flags: ShowLettersFlags,
  ...keys: string[]
): Promise<void> {
  const { out } = context;
  const letters = await lettersOf(context, flags);
  const lines: string[] = [];
  let count = 0;
  for await (const letter of letters.read(keys.length === 0 ? undefined : keys)) {
    count += 1;
    const { key, stream, errorCode, errorMessage, attempts } = letter;
    const record = recordLine(letter, flags.decode);
    const head = printableJson(JSON.stringify({ object: key, stream, errorCode, errorMessage, attempts }));
    const line = `${head.slice(0, -1)},${record.slice(1)}`;
    if (flags.json) lines.push(line);
    else out.line(line);
    if (count >= flags.limit) break;
  }
  // Records keep the digits that they have: the lines are put in as they are.
  if (flags.json) out.line(`{"bucket":${JSON.stringify(letters.bucket)},"letters":[${lines.join(",")}]}`);
  else out.note(`${count} dead letters of ${letters.bucket}`);
}
