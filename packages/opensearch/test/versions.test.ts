import { batchOf, batchOfEntries, contextOf, entryOf, seededRandom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { openSearchEmitter } from "@kinesis-connectors/opensearch";
import { startOpenSearch } from "./local-opensearch.js";
import { byRevision, revisionsOf, type Revised, shuffledRevisions } from "./revisions.js";
import { failuresOf } from "./support.js";

const at = (key: string, revision: Revised["revision"], position: number, text = "") =>
  entryOf(0, { key, revision, text }, { sequenceNumber: String(position) });

describe("a version of the record's own", () => {
  it("decides before the position, whoever comes when, in one batch or in many", async () => {
    await using server = await startOpenSearch();
    const [one, other] = [server.emitter(byRevision), server.emitter(byRevision)];
    await one.emit(batchOfEntries([at("a", 12, 10), at("a", 9, 11), at("b", 1, 12)]), contextOf(undefined));
    expect(revisionsOf(server)).toEqual({ a: 12, b: 1 });
    await other.emit(batchOfEntries([at("a", 11, 90), at("b", 0, 91)]), contextOf(undefined));
    await other.emit(batchOfEntries([at("b", 2, 1)]), contextOf(undefined));
    expect(revisionsOf(server)).toEqual({ a: 12, b: 2 });
    // The same version again, as change streams repeat it: the later position stays.
    await one.emit(batchOfEntries([at("b", 2, 5, "later")]), contextOf(undefined));
    await one.emit(batchOfEntries([at("b", 2, 4, "earlier")]), contextOf(undefined));
    expect(server.documents().find(({ id }) => id === "b")?.source["text"]).toBe("later");
  });

  it("leaves the newest version of each key, for any order, repetition and division into batches", async () => {
    await using server = await startOpenSearch();
    const emitters = [server.emitter(byRevision), server.emitter(byRevision)];
    const newest = await shuffledRevisions(emitters, seededRandom(12));
    expect(revisionsOf(server)).toEqual(newest);
  });

  it("replaces what was written by position alone", async () => {
    await using server = await startOpenSearch();
    const { version, ...byPosition } = byRevision;
    expect(typeof version).toBe("function");
    await server.emitter(byPosition).emit(batchOfEntries([at("a", 7, 500)]), contextOf(undefined));
    await server.emitter(byRevision).emit(batchOfEntries([at("a", 0, 1)]), contextOf(undefined));
    expect(revisionsOf(server)).toEqual({ a: 0 });
  });

  it("that is refused with its document leaves its place to the version before it, not to the record before it", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter(byRevision);
    const batch = batchOf<object>([
      { key: "a", revision: 3 },
      { key: "a", revision: 9, text: { kcPosition: 1 }, kcPosition: "own" },
      { key: "a", revision: 1 },
    ]);
    expect(Object.keys(await failuresOf(emitter, batch))).toEqual(["1"]);
    expect(revisionsOf(server)).toEqual({ a: 3 });
  });

  it("that is none makes a dead letter of that record alone", async () => {
    await using server = await startOpenSearch();
    const batch = batchOf<object>([
      { key: "a", revision: 1 },
      { key: "a" },
      { key: "a", revision: 1.5 },
      { key: "a", revision: "text" },
      { key: "a", revision: "2" },
    ]);
    expect(await failuresOf(server.emitter(byRevision), batch)).toEqual({
      1: "dead-letter KinesisConnectorError",
      2: "dead-letter KinesisConnectorError",
      3: "dead-letter KinesisConnectorError",
    });
    expect(revisionsOf(server)).toEqual({ a: "2" });
  });

  it("is for guarded writes alone", () => {
    expect(() =>
      openSearchEmitter<object>({ node: "https://search.example", index: "i", version: () => 1 }),
    ).toThrow('version is compared by guarded writes alone: set `ordering` to "guarded"');
  });
});
