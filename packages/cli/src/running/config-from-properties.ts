import { join, resolve } from "node:path";
import { fromProperties } from "@kinesis-connectors/config";
import type { CliContext } from "../app/context.js";
import { givenBytes } from "../files/given-file.js";
import { writeNew } from "../files/new-file.js";

export interface FromPropertiesFlags {
  readonly json: boolean;
  readonly out?: string;
  readonly column?: readonly string[];
}

const UTF_8_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** `config from-properties FILE`. */
export function configFromProperties(
  { out, cwd }: CliContext,
  flags: FromPropertiesFlags,
  file: string,
): Promise<void> {
  const { files, notes } = fromProperties(
    textOf(givenBytes(cwd, { path: file })),
    flags.column === undefined ? {} : { columns: flags.column },
  );
  if (flags.out !== undefined) {
    const folder = resolve(cwd, flags.out);
    for (const { name, yaml } of files) writeNew(join(folder, name), yaml, { makesFolder: true });
  }
  if (flags.json) out.json({ files, notes });
  else {
    for (const note of notes) out.note(note);
    for (const { name, yaml } of files) {
      if (flags.out !== undefined) out.line(`written: ${join(flags.out, name)}`);
      else out.line(`${files.length > 1 ? `# ${name}\n` : ""}${yaml.trimEnd()}`);
    }
  }
  return Promise.resolve();
}

/** What java.util.Properties reads from a stream is Latin-1, whatever an editor has made of it. A mark of UTF-8 is nothing that Java would write. */
function textOf(bytes: Buffer): string {
  return bytes.toString(bytes.subarray(0, 3).equals(UTF_8_MARK) ? "utf8" : "latin1");
}
