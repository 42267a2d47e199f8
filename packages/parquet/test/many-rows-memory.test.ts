import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parquet } from "@kinesis-connectors/parquet";
import { bytesOf, Duck } from "./support.js";

/** `PARQUET_ROWS=1000000 npx vitest run --project parquet many-rows` is the long proof. */
const ROWS = Number(process.env["PARQUET_ROWS"] ?? 20_000);
const SLICE = 20_000;
const COUNTRIES = ["DE", "FR", "US", "JP", "BR"];

let duck: Duck;
beforeAll(async () => {
  duck = await Duck.start();
});
afterAll(async () => {
  await duck[Symbol.asyncDispose]();
});

/** Mixes the bits of a number: the same row for the same number, without keeping a million of them twice. */
function mixed(nth: number, salt: number): number {
  let bits = Math.imul(nth ^ (salt * 0x9e3779b9), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function click(id: number): object {
  return {
    id,
    time: new Date(1_767_225_600_000 + id * 7).toISOString(),
    userId: `user-${mixed(id, 1) % 50_000}`,
    country: mixed(id, 2) % 11 === 0 ? null : COUNTRIES[mixed(id, 2) % 5],
    durationMs: mixed(id, 3) % 30_000,
    score: mixed(id, 4) / 1000,
    price: `${mixed(id, 5) % 1000}.${String(mixed(id, 6) % 100).padStart(2, "0")}`,
    tags:
      mixed(id, 7) % 4 === 0
        ? null
        : Array.from({ length: mixed(id, 7) % 4 }, (_, nth) => `tag-${mixed(id, nth) % 50}`),
    agent: { browser: `Browser/${mixed(id, 8) % 9}`, mobile: mixed(id, 9) % 2 === 0 },
  };
}

const SCHEMA = {
  id: { required: "int64" },
  time: "timestamp",
  userId: "string",
  country: "string",
  durationMs: "int32",
  score: "double",
  price: { decimal: [9, 2] },
  tags: { list: "string" },
  agent: { struct: { browser: "string", mobile: "boolean" } },
} as const;

describe("many rows", () => {
  it(`${ROWS} of nine columns are read back equal`, async () => {
    const rows = Array.from({ length: ROWS }, (_, id) => click(id));
    const rssBefore = process.memoryUsage().rss;
    let rssPeak = rssBefore;
    const sampling = setInterval(() => (rssPeak = Math.max(rssPeak, process.memoryUsage().rss)), 20);
    const cpu = process.cpuUsage();
    const bytes = await bytesOf(parquet({ schema: SCHEMA }), rows);
    const { user, system } = process.cpuUsage(cpu);
    clearInterval(sampling);
    const mb = (count: number): string => `${Math.round(count / 1e6)} MB`;
    process.stdout.write(
      `parquet: ${ROWS} rows, ${Math.round(ROWS / ((user + system) / 1e6))} rows per CPU second, ` +
        `${(bytes.length / ROWS).toFixed(1)} bytes a row, resident memory ${mb(rssBefore)} before, ${mb(rssPeak)} at most\n`,
    );
    const path = await duck.keep(bytes);
    expect(await duck.rows(`SELECT count(*)::INT AS n FROM read_parquet('${path}')`)).toEqual([{ n: ROWS }]);
    for (let start = 0; start < ROWS; start += SLICE) {
      const found = await duck.rows(
        `SELECT * REPLACE (id::INT AS id, strftime(time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS time, price::VARCHAR AS price)
           FROM read_parquet('${path}') WHERE id >= ${start} AND id < ${start + SLICE} ORDER BY id`,
      );
      expect(found).toEqual(rows.slice(start, start + SLICE));
    }
  }, 600_000);
});
