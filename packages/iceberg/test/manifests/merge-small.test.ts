import { expect, it } from "vitest";
import { contextOf } from "@kinesis-connectors/testkit";
import { objectStore } from "@kinesis-connectors/s3/objects";
import type { ManifestEntry } from "../../src/manifests/manifest-list.js";
import { mergeSmall } from "../../src/manifests/merge-small.js";
import { deliver, orderEmitter, orders } from "../support/orders.js";
import { startLake } from "../support/lake.js";

const MIB = 1024 * 1024;

it("manifests are merged as far as one takes, the oldest first, and their order stays", async () => {
  const lake = startLake();
  await deliver(await orderEmitter(lake), orders(0, 1));
  const [one] = lake.manifests();
  if (one === undefined) throw new Error("there is no manifest");
  const small: readonly ManifestEntry[] = Array.from({ length: 110 }, (_, nth) => ({
    ...one,
    manifest_length: MIB,
    sequence_number: 110 - nth,
    min_sequence_number: 110 - nth,
  }));
  const merging = {
    metadata: lake.catalog.metadata(),
    store: { objects: objectStore(lake.storage), context: contextOf(undefined) },
    snapshotId: 1,
    sequenceNumber: 111,
  };
  const merged = await mergeSmall(small, merging);
  const young = merged.slice(0, 6);
  const old = merged.slice(6);
  expect(young).toEqual(small.slice(0, 6));
  expect(old.map(({ existing_files_count }) => existing_files_count)).toEqual(
    Array.from({ length: 13 }, () => 8),
  );
  expect(old.map(({ min_sequence_number }) => min_sequence_number)).toEqual(
    Array.from({ length: 13 }, (_, nth) => 97 - nth * 8),
  );
  // What does not fit together is not read again with each commit.
  const halves = small.map((entry) => Object.assign({}, entry, { manifest_length: 5 * MIB }));
  expect(await mergeSmall(halves, merging)).toEqual(halves);
});
