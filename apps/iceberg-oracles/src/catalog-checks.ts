import { checkIds, named, numbers } from "./ids.js";
import type { Oracle } from "./oracle.js";
import { type Lake, NAMESPACE, writeTable } from "./tables.js";

const NAME = "contended";
const WRITERS = 4;
const COMMITS = 10;
const ROWS = 25;

/** Several writers at once on a table of Iceberg's own catalog, of which each commit but one of a moment is refused, and then one more column. */
export async function catalogChecks(
  lake: Lake,
  folder: string,
  oracles: readonly Oracle[],
  wrong: string[],
): Promise<readonly (readonly [string, string])[]> {
  const before = wrong.length;
  await fetch(`${lake.uri}/v1/namespaces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ namespace: [NAMESPACE] }),
  });
  const columns = { id: { required: "int64" }, name: "string" } as const;
  // The table is there before the writers meet at it.
  await writeTable(lake, NAME, { columns }, []);
  const perWriter = COMMITS * ROWS;
  await Promise.all(
    numbers(0, WRITERS).map((writer) => {
      const rows = numbers(writer * perWriter, (writer + 1) * perWriter).map(named);
      const batches = numbers(0, COMMITS).map((nth) => rows.slice(nth * ROWS, (nth + 1) * ROWS));
      return writeTable(lake, NAME, { columns }, batches, { shardId: `shardId-00000000000${writer}` });
    }),
  );
  const total = WRITERS * perWriter;
  const look = (what: string, until: number): Promise<void> =>
    checkIds(lake, { name: NAME, folder, oracles, what }, numbers(0, until), wrong);
  await look("four writers at Iceberg's own catalog", total);
  const wider = { ...columns, note: "string" } as const;
  const more = numbers(total, total + ROWS).map((id) => ({ id, name: `row ${id}`, note: "new" }));
  await writeTable(lake, NAME, { columns: wider, addColumns: true }, [more], {
    shardId: "shardId-000000000009",
  });
  await look("one more column at Iceberg's own catalog", total + ROWS);
  return [
    [
      "Iceberg's own catalog",
      `${WRITERS} writers, ${COMMITS} commits each, and one more column, ${wrong.length - before} wrong`,
    ],
  ];
}
