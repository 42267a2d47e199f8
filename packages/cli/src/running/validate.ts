import { relative, resolve } from "node:path";
import { problemLine, validateConfig } from "@kinesis-connectors/config";
import type { CliContext } from "../app/context.js";
import { EXIT } from "../app/errors.js";
import { loadEnvFiles } from "./env-file.js";
import { counted } from "../output/counted.js";

export interface ValidateFlags {
  readonly json: boolean;
  readonly online: boolean;
  readonly envFile?: readonly string[];
}

/** `validate FILE...`. */
export async function validate(context: CliContext, flags: ValidateFlags, ...files: string[]): Promise<void> {
  const { out, cwd, signal } = context;
  loadEnvFiles(flags.envFile ?? [], cwd, process.env);
  const reports = [];
  for (const file of files) {
    const problems = await validateConfig(resolve(cwd, file), { online: flags.online, signal });
    // As it was named, so that an editor finds it from here; a module may lie in another file.
    const shown = problems.map(({ file: at, line, column, path, message }) => ({
      file: at === resolve(cwd, file) ? file : relative(cwd, at),
      line,
      column,
      path,
      message,
    }));
    reports.push({ file, problems: shown });
  }
  const problems = reports.flatMap((report) => report.problems);
  if (flags.json)
    out.json({
      isValid: problems.length === 0,
      files: reports.map(({ file, problems: found }) => ({
        file,
        problems: found.map(({ line, column, path, message }) => ({ line, column, path, message })),
      })),
    });
  else {
    for (const problem of problems) out.line(problemLine(problem));
    out.note(`${counted(files.length, "file")}, ${counted(problems.length, "problem")}`);
  }
  if (problems.length > 0) context.exitWith(EXIT.usage);
}
