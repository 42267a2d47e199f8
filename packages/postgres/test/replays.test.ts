import { contextOf, batchOf, deliver } from "@kinesis-connectors/testkit";
import { describeOn, startPostgres } from "@kinesis-connectors/servers";
import { type PostgresEmitterOptions, upsert } from "@kinesis-connectors/postgres";
import { afterAll, describe, expect, it } from "vitest";
import { createSchema } from "./support/tables.js";

const server = await startPostgres();
afterAll(() => server[Symbol.asyncDispose]());

interface Row {
  readonly id: number;
  readonly t: string;
}

const { signal, logger } = contextOf(undefined);

describeOn(describe, server, "PostgreSQL", () => {
  describe("a replay of a stream", () => {
    it.each<[string, Partial<PostgresEmitterOptions<Row>>, RegExp]>([
      [
        "added",
        {},
        /^rows of stream "clicks" in .*items.* that the application "live" wrote, such as those of shardId-0+$/,
      ],
      [
        "upserted without a guard",
        { mode: upsert<Row>({ key: ["id"] }) },
        /the application "live" wrote.* older rows take the place of newer ones$/,
      ],
      ["upserted by position", { mode: upsert<Row>({ key: ["id"], guarded: true }) }, /^nothing$/],
    ])("finds rows of it that another application %s", async (_, options, says) => {
      await using test = await createSchema(
        server,
        "CREATE TABLE items (id integer PRIMARY KEY, t text, kc_seq numeric(56), kc_sub bigint)",
        "CREATE TABLE others (id integer PRIMARY KEY, t text, kc_seq numeric(56), kc_sub bigint)",
      );
      const into = (table: string) =>
        test.emitter<Row>({ table, columns: { id: "integer", t: "text" }, ...options });
      const emitter = into("items");
      const asked = async (changes: { readonly application?: string; readonly stream?: string } = {}) => {
        const again = { application: "again", stream: "clicks", keepsPositions: true, ...changes };
        return await emitter.wouldDouble?.(again, { signal, logger });
      };
      expect(await asked()).toBeUndefined();
      const place = { application: "live", stream: "clicks", shardId: "shardId-000000000000" };
      await deliver(emitter, batchOf([{ id: 1, t: "a" }], place));
      expect((await asked()) ?? "nothing").toMatch(says);
      // What it brought itself, another stream and another table of the same positions are no matter.
      expect(await asked({ application: "live" })).toBeUndefined();
      expect(await asked({ stream: "orders" })).toBeUndefined();
      const again = { application: "again", stream: "clicks", keepsPositions: true };
      expect(await into("others").wouldDouble?.(again, { signal, logger })).toBeUndefined();
    });
  });
});
