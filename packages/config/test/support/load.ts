import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { invalidOption } from "@kinesis-connectors/core";
import { loadWith, validateWith, type ValidateOptions } from "../../src/load-config.js";
import type { LoadedConfig, LoadOptions } from "../../src/loaded-config.js";
import { problemLine } from "../../src/document/problem.js";
import type { ImportPart, PartModule } from "../../src/parts/import-part.js";

/** What a file names, from the sources: nothing has to be built. */
const SOURCES: Readonly<Record<string, () => Promise<object>>> = {
  s3: () => import("@kinesis-connectors/s3/config"),
  redshift: () => import("@kinesis-connectors/redshift/config"),
  dynamodb: () => import("@kinesis-connectors/dynamodb/config"),
  kinesis: () => import("@kinesis-connectors/kinesis/config"),
  opensearch: () => import("@kinesis-connectors/opensearch/config"),
  postgres: () => import("@kinesis-connectors/postgres/config"),
  iceberg: () => import("@kinesis-connectors/iceberg/config"),
  firehose: () => import("@kinesis-connectors/firehose/config"),
  sqs: () => import("@kinesis-connectors/sqs/config"),
  parquet: () => import("@kinesis-connectors/parquet/config"),
};

export const fromSources: ImportPart = async (type) => {
  const load = SOURCES[type];
  if (load === undefined) throw invalidOption(`type names the package ${type}, which is not installed`);
  return { name: `@kinesis-connectors/${type}`, module: (await load()) as PartModule };
};

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files in it, gone after the test file. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "kc-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A file of a folder of its own. */
export function fileOf(text: string, others: Readonly<Record<string, string>> = {}): string {
  return join(folderOf({ ...others, "pipeline.yaml": text }), "pipeline.yaml");
}

/** Loads a file's text. */
export function load(text: string, options: LoadOptions = { env: {} }): Promise<LoadedConfig> {
  return loadWith(fileOf(text), options, fromSources);
}

/** What is wrong with a file's text: `line:column message` each. */
export async function problemsOf(
  text: string,
  options: ValidateOptions = { env: {} },
  others: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const file = fileOf(text, others);
  const problems = await validateWith(file, options, fromSources);
  return problems.map((problem) => problemLine(problem).slice(file.length + 1));
}
