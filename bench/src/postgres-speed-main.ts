import { parseArgs } from "node:util";
import { startPostgres } from "@kinesis-connectors/servers";
import { measureWays, type Way } from "./postgres/ways.js";

const USAGE = `npm run postgres-speed -- [options]
Writes the same rows into PostgreSQL three ways, batch by batch in turns: COPY, a bare INSERT ... SELECT FROM unnest, and postgresEmitter, which writes the position
of the shard in the same transaction. The fastest tenth of the batches of each way counts. It starts the PostgreSQL of this machine in a temporary folder.
  --rows N         rows of each turn (default 100000)
  --batch N        rows of a batch: one statement, one transaction (default 5000)
  --turns N        how often all rows are written (default 5)
  --postgres URL   a server of yours; the tables kc_speed and kc_speed_positions are made anew
  --json           prints one JSON object
`;
/** What is promised beside the bare INSERT. */
const PROMISED_SHARE = 0.8;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    batch: { type: "string", default: "5000" },
    turns: { type: "string", default: "5" },
    postgres: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else process.exitCode = await show();

async function show(): Promise<number> {
  const [rows, batch, turns] = (["rows", "batch", "turns"] as const).map(wholeNumber);
  if (values.postgres !== undefined) return tell(values.postgres, "PostgreSQL of yours", rows, batch, turns);
  await using server = await startPostgres();
  if (server.name === "PGlite") {
    process.stderr.write(
      "PostgreSQL is missing here, and PGlite in its place has one session and no speed to speak of: apt-get install postgresql, or give --postgres URL\n",
    );
    return 1;
  }
  return await tell(server.url, server.name, rows, batch, turns);
}

async function tell(url: string, server: string, rows = 0, batch = 0, turns = 0): Promise<number> {
  const rates = await measureWays(url, { rows, batch, turns });
  const share = (of: Way): number => Math.round((rates.emitter / rates[of]) * 100) / 100;
  const isKept = share("insert") >= PROMISED_SHARE;
  if (values.json) {
    const shares = { ofInsert: share("insert"), ofCopy: share("copy") };
    process.stdout.write(
      `${JSON.stringify({ server, rows, batch, turns, rowsPerSecond: rates, ...shares })}\n`,
    );
  } else {
    process.stdout.write(`on ${server}\n`);
    const line = (name: string, way: Way, about: string): string =>
      `${name.padEnd(34)}${String(Math.round(rates[way])).padStart(9)} rows/s${about}\n`;
    process.stdout.write(line("COPY", "copy", ""));
    process.stdout.write(line("INSERT ... SELECT FROM unnest", "insert", ""));
    const shares = `  ${share("insert")} of the bare INSERT, ${share("copy")} of COPY`;
    process.stdout.write(line("postgresEmitter", "emitter", shares));
    if (!isKept) process.stdout.write(`BELOW ${PROMISED_SHARE} OF THE BARE INSERT\n`);
  }
  return isKept ? 0 : 1;
}

function wholeNumber(name: "rows" | "batch" | "turns"): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number of at least 1`);
}
