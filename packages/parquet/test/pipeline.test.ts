import { describe, expect, it } from "vitest";
import { archived } from "./archived.js";
import { Duck } from "./support.js";

describe("a stream archived as Parquet", () => {
  it("has every row that fits in the object, and every other in the dead letters by its column", async () => {
    await using duck = await Duck.start();
    const documents = Array.from({ length: 500 }, (_, id) => ({
      id,
      price: id % 100 === 7 ? "1.234" : `${id}.50`,
      ...(id === 33 ? { secret: "x" } : {}),
    }));
    const { objects, reasons } = await archived(documents, {
      schema: { id: { required: "int32" }, price: { decimal: [9, 2] } },
    });
    expect(objects).toHaveLength(1);
    const [object] = objects;
    expect(object?.key).toMatch(/\.parquet$/);
    expect(object?.type).toBe("application/vnd.apache.parquet");
    expect(await duck.read(object?.body ?? new Uint8Array())).toEqual(
      documents.filter(({ id }) => id % 100 !== 7 && id !== 33).map(({ id, price }) => ({ id, price })),
    );
    const misfit = "row.price takes decimals of 9 digits, 2 of them after the point";
    expect(reasons.toSorted()).toEqual([
      "row has no column for field number 3 of the record (`unknownFields` can leave such fields out)",
      ...Array.from({ length: 5 }, () => misfit),
    ]);
  });

  it("has all columns that rows of a batch bring, in one object", async () => {
    await using duck = await Duck.start();
    const documents = Array.from({ length: 60 }, (_, id) => ({
      id,
      ...(id < 20 ? {} : { country: id % 2 === 0 ? "AT" : null }),
      ...(id < 40 ? {} : { tags: ["x"] }),
    }));
    const { objects, reasons } = await archived(documents, { infer: true });
    expect(reasons).toEqual([]);
    const types = await Promise.all(objects.map(({ body }) => duck.types(body)));
    expect(types.map((columns) => Object.keys(columns).join(" "))).toEqual(["id country tags"]);
    const paths = await Promise.all(objects.map(({ body }) => duck.keep(body)));
    const files = paths.map((path) => `'${path}'`).join(", ");
    expect(
      await duck.rows(
        `SELECT id::INT AS id, country, tags FROM read_parquet([${files}], union_by_name = true) ORDER BY id`,
      ),
    ).toEqual(documents.map(({ id, country = null, tags = null }) => ({ id, country, tags })));
  });
});
