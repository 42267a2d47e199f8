import { beforeEach, describe, expect, it } from "vitest";
import { type Lake, startLake } from "./support/lake.js";
import { deliver, orderEmitter, orders } from "./support/orders.js";

let lake: Lake;
beforeEach(() => {
  lake = startLake();
});

describe("manifests of a table that was upgraded", () => {
  it("of version 1 that were never counted are counted, or readers would pass over them", async () => {
    await deliver(await orderEmitter(lake), orders(0, 3));
    lake.asOfVersion1();
    await deliver(await orderEmitter(lake), orders(3, 5));
    const counts = {
      existing_files_count: 0,
      deleted_files_count: 0,
      existing_rows_count: 0,
      deleted_rows_count: 0,
    };
    expect(lake.manifests()).toMatchObject([
      { added_files_count: 1, added_rows_count: 2, ...counts },
      { added_files_count: 1, added_rows_count: 3, ...counts },
    ]);
    // How many rows there are in all cannot be told of a snapshot that does not say so.
    expect(lake.catalog.metadata().snapshots?.at(-1)?.summary).not.toHaveProperty("total-records");
  });

  it("that no list names, as version 1 may have it, stop with the cure", async () => {
    const made = await orderEmitter(lake);
    await deliver(made, orders(0, 3));
    lake.catalog.set((metadata) => ({
      ...metadata,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a snapshot of version 1
      snapshots: [{ "snapshot-id": metadata["current-snapshot-id"], manifests: [] } as never],
    }));
    await expect(deliver(await orderEmitter(lake), orders(3, 5))).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("has no manifest list"),
    });
  });
});
