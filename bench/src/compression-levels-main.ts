import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import zlib, { gunzipSync } from "node:zlib";
import { gzip, zstd } from "@kinesis-connectors/s3";
import { compressionLevels, type Input, type Level, type LevelFigures } from "./compression-levels.js";
import { documents } from "./data/documents.js";
import { figure, rounded } from "./rows/spread.js";

const USAGE = `npm run compression-levels -- [FILE ...] [options]
Compresses files of yours, each as one object, and generated JSON documents of 200 bytes by the levels of gzip and zstd, in turns; says MB of input per CPU-second and the bytes that are left of 100.
  FILE        what your records look like, one behind the other; gunzipped where its name ends in .gz
  --turns N   how often each is measured (default 5); the median counts, and a range is shown where they lie 15% apart
  --quick     one turn of one object: shows that it runs, and no more
  --json      prints one JSON object
`;

const GZIP_LEVELS = [1, 3, 4, 5, 6, 9];
const ZSTD_LEVELS = [1, 3, 6];
/** The WASM of older Nodes has one stream, and takes several times as long. */
const WASM_LEVELS = [3];

const TURN_CPU_MS = 200;
const GENERATED_BYTES = 8e6;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    turns: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else await show();

async function show(): Promise<void> {
  if (!/^[1-9]\d{0,2}$/.test(values.turns)) throw new Error("--turns must be a whole number of at least 1");
  const missing = positionals.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`there is no file ${missing}`);
  const inputs = [...positionals.map(fileOf), generated()];
  const how = values.quick ? { turns: 1, cpuMs: 0 } : { turns: Number(values.turns), cpuMs: TURN_CPU_MS };
  const figures = await compressionLevels(levels(), inputs, how);
  process.stdout.write(
    values.json ? `${JSON.stringify({ node: process.version, ...how, figures })}\n` : table(inputs, figures),
  );
}

function levels(): readonly Level[] {
  const isNodes = "zstdCompress" in zlib;
  return [
    ...GZIP_LEVELS.map((level) => ({ name: `gzip(${level})`, compression: gzip(level) })),
    ...(isNodes ? ZSTD_LEVELS : WASM_LEVELS).map((level) => ({
      name: `zstd(${level})${isNodes ? "" : ", WASM"}`,
      compression: zstd(level),
    })),
  ];
}

function fileOf(path: string): Input {
  const bytes = readFileSync(path);
  return { name: path, bytes: path.endsWith(".gz") ? gunzipSync(bytes) : bytes };
}

function generated(): Input {
  const lines: Buffer[] = [];
  let bytes = 0;
  for (const document of documents(1)) {
    lines.push(document, Buffer.from("\n"));
    bytes += document.length + 1;
    if (bytes >= GENERATED_BYTES) break;
  }
  return { name: "generated JSON", bytes: Buffer.concat(lines) };
}

/** As Markdown has it. */
function table(inputs: readonly Input[], figures: readonly LevelFigures[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const sized = inputs.map(({ name, bytes }) => `${name}, ${(bytes.length / 1e6).toFixed(1)} MB`);
  const names = [...new Set(figures.map(({ level }) => level))];
  const cell = (level: string, input: Input): string => {
    const found = figures.find((one) => one.level === level && one.input === input.name);
    return found === undefined
      ? ""
      : `${figure(found.megabytesPerCpuSecond, rounded)} MB/s, ${found.left.toFixed(1)}`;
  };
  return [
    `Node ${process.version}\n\n`,
    row(["compression", ...sized]),
    row(["---", ...sized.map(() => "---")]),
    ...names.map((level) => row([level, ...inputs.map((input) => cell(level, input))])),
  ].join("");
}
