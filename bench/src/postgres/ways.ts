import {
  type Batch,
  type BufferEntry,
  type EmitContext,
  type Emitter,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { postgresEmitter, type PostgresPlan } from "@kinesis-connectors/postgres";
import { Client } from "pg";
import { copyIn } from "./copy-in.js";

/** A way to write rows. */
export type Way = "copy" | "insert" | "emitter";

interface ClickRow {
  readonly id: number;
  readonly at: Date;
  readonly page: string;
  readonly country: string;
  readonly duration_ms: number;
  readonly referrer: string | null;
}

const COLUMNS = {
  id: "bigint",
  at: "timestamptz",
  page: "text",
  country: "text",
  duration_ms: "integer",
  referrer: "text",
} as const;
const NAMES = Object.keys(COLUMNS) as (keyof ClickRow)[];
const WAYS: readonly Way[] = ["copy", "insert", "emitter"];

/** So much of all batches of a way is looked at: the fastest of them, which other work of the machine has left alone. */
const FASTEST_SHARE = 0.1;

/** Writes the same rows each way, batch by batch in turns; returns the rows per second of the fastest tenth of the batches of each way. */
export async function measureWays(
  url: string,
  {
    rows: count,
    batch: size,
    turns,
  }: { readonly rows: number; readonly batch: number; readonly turns: number },
): Promise<Readonly<Record<Way, number>>> {
  const rows = Array.from({ length: count }, (_, index) => rowOf(index));
  const taken: Readonly<Record<Way, number[]>> = { copy: [], insert: [], emitter: [] };
  const slices = slicesOf(rows, size);
  const client = new Client(url);
  await client.connect();
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
  await client.query("DROP TABLE IF EXISTS kc_speed, kc_speed_positions");
  await client.query(`CREATE TABLE kc_speed (${columns.join(", ")})`);
  // Each way has one connection for all of its turns.
  const emitter = postgresEmitter<ClickRow>({
    connection: url,
    table: "kc_speed",
    positions: "kc_speed_positions",
    columns: COLUMNS,
    maxRowsPerStatement: size,
    maxConnections: 1,
  });
  const emitted = (index: number, turn: number): Promise<void> => {
    // What the engine hands over is there before: its own part is measured by other rows.
    const batch = batchOf(slices[index] ?? [], index * size, turn);
    return timed("emitter", turn, () => emit(emitter, batch));
  };
  const timed = async (way: Way, turn: number, run: () => Promise<void>): Promise<void> => {
    const seconds = await secondsOf(run);
    // The first turn warms up: code, connections, caches.
    if (turn > 0) taken[way].push(seconds);
  };
  try {
    for (let turn = 0; turn <= turns; turn += 1) {
      await client.query("TRUNCATE kc_speed");
      for (const [index, some] of slices.entries()) {
        const ways = [
          () => timed("copy", turn, () => copyRows(client, some)),
          () => timed("insert", turn, () => insertRows(client, some)),
          () => emitted(index, turn),
        ];
        // Each way comes first, second and third alike.
        for (let place = 0; place < ways.length; place += 1) await ways[(place + index) % ways.length]?.();
      }
      const { rows: found } = await client.query<{ count: string }>("SELECT count(*) AS count FROM kc_speed");
      if (Number(found[0]?.count) !== WAYS.length * count)
        throw new Error(`the table holds ${found[0]?.count} rows, not ${WAYS.length * count}`);
    }
    await emitter.close?.();
    await client.query("DROP TABLE IF EXISTS kc_speed, kc_speed_positions");
  } finally {
    await emitter.close?.();
    await client.end();
  }
  const rateOf = (way: Way): number => {
    const fastest = taken[way].toSorted((one, other) => one - other);
    const some = fastest.slice(0, Math.ceil(fastest.length * FASTEST_SHARE));
    return (size * some.length) / some.reduce((sum, seconds) => sum + seconds, 0);
  };
  return { copy: rateOf("copy"), insert: rateOf("insert"), emitter: rateOf("emitter") };
}

async function copyRows(client: Client, rows: readonly ClickRow[]): Promise<void> {
  await copyIn(client, `COPY kc_speed (${NAMES.join(", ")}) FROM STDIN`, rows.map(copyLine).join(""));
}

async function insertRows(client: Client, rows: readonly ClickRow[]): Promise<void> {
  const parameters = Object.values(COLUMNS).map((type, index) => `$${index + 1}::${type}[]`);
  const text = `INSERT INTO kc_speed (${NAMES.join(", ")}) SELECT * FROM unnest(${parameters.join(", ")})`;
  await client.query({ text, values: NAMES.map((name) => rows.map((row) => row[name])) });
}

async function emit(emitter: Emitter<ClickRow, PostgresPlan>, batch: Batch<ClickRow>): Promise<void> {
  const { failed } = await emitter.emit(batch, contextOf(emitter.plan?.(batch) as PostgresPlan));
  if (failed[0] !== undefined) throw failed[0].error;
}

function contextOf(plan: PostgresPlan): EmitContext<PostgresPlan> {
  return {
    plan,
    attempt: 1,
    inherited: false,
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
  };
}

function batchOf(rows: readonly ClickRow[], from: number, turn: number): Batch<ClickRow> {
  const entries = rows.map((output, index): BufferEntry<ClickRow> => {
    const sequenceNumber = String(49_600_000_000_000 + from + index);
    const record = {
      sequenceNumber,
      subSequenceNumber: 0,
      partitionKey: "",
      arrivalTimeMs: 0,
      data: new Uint8Array(),
    };
    return { output, record, bytes: 100 };
  });
  const [first, last] = [entries[0], entries.at(-1)].map((entry) => entry?.record);
  if (first === undefined || last === undefined) throw new Error("a batch has no rows");
  return {
    batchId: `${turn}-${from}`,
    application: "speed",
    stream: "clicks",
    shardId: `turn-${turn}`,
    first,
    last,
    recordCount: entries.length,
    entries,
    bytes: 100 * entries.length,
    reason: "records",
    gap: false,
  };
}

function rowOf(index: number): ClickRow {
  return {
    id: index,
    at: new Date(Date.UTC(2026, 0, 1) + index * 1_000),
    page: `/products/${index % 977}?ref=${index}`,
    country: ["DE", "FR", "NL", "SE"][index % 4] ?? "DE",
    duration_ms: (index * 7919) % 60_000,
    referrer: index % 3 === 0 ? null : `https://example.com/search?q="lamp ${index % 113}"`,
  };
}

/** A line of COPY's text format (manual, "COPY", text format). */
function copyLine(row: ClickRow): string {
  const fields = NAMES.map((name) => {
    const value = row[name];
    if (value === null) return String.raw`\N`;
    const text = value instanceof Date ? value.toISOString() : String(value);
    return /[\\\n\r\t]/.test(text) ? text.replaceAll(/[\\\n\r\t]/g, String.raw`\$&`) : text;
  });
  return `${fields.join("\t")}\n`;
}

function slicesOf<Row>(rows: readonly Row[], size: number): (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  );
}

async function secondsOf(run: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await run();
  return (performance.now() - startedMs) / 1_000;
}
