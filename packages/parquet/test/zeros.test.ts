import { parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { parquet } from "@kinesis-connectors/parquet";
import { bytesOf } from "./support.js";

/** Few values that come again and again: those are written by a dictionary. */
const VALUES = Array.from({ length: 200 }, (_, nth) => [0, -0, 1.5, null][nth % 4] ?? null);

const sign = (value: unknown): string => (Object.is(value, -0) ? "-0" : String(value));

async function read(bytes: Uint8Array): Promise<readonly Record<string, unknown>[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  return parquetReadObjects({ file });
}

describe("zeros of both signs", () => {
  it.each(["double", "float"] as const)("stay what they are: %s", async (type) => {
    const bytes = await bytesOf(
      parquet({ schema: { x: type } }),
      VALUES.map((x) => ({ x })),
    );
    expect((await read(bytes)).map(({ x }) => sign(x))).toEqual(VALUES.map(sign));
  });

  it("stay what they are in lists, maps and structs", async () => {
    const rows = VALUES.map((x) => ({ list: [x, 1], inner: { x }, map: { k: x } }));
    const schema = {
      list: { list: "double" },
      inner: { struct: { x: "double" } },
      map: { map: ["string", "double"] },
    } as const;
    const found = await read(await bytesOf(parquet({ schema }), rows));
    expect(found.map(({ list }) => sign((list as unknown[])[0]))).toEqual(VALUES.map(sign));
    expect(found.map(({ inner }) => sign((inner as { x: unknown }).x))).toEqual(VALUES.map(sign));
    expect(found.map(({ map }) => sign(Object.values(map as object)[0]))).toEqual(VALUES.map(sign));
  });
});
