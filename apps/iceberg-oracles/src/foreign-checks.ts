import { checkIds, named, numbers } from "./ids.js";
import type { Oracle } from "./oracle.js";
import type { ForeignWork, PythonSide } from "./python.js";
import { type Lake, NAMESPACE, writeTable } from "./tables.js";

const NAME = "shared";
const COLUMNS = { id: { required: "int64" }, name: "string" } as const;

/** Another writer between our commits: its rows are kept, and our position outlives a rewrite of all files and the end of all older snapshots. */
export async function foreignChecks(
  lake: Lake,
  folder: string,
  python: PythonSide,
  oracles: readonly Oracle[],
  wrong: string[],
): Promise<readonly (readonly [string, string])[]> {
  const before = wrong.length;
  const ours = (from: number, until: number): Promise<void> =>
    writeTable(lake, NAME, { columns: COLUMNS }, [numbers(from, until).map(named)], { from });
  const theirs = (
    what: ForeignWork["what"],
    rows?: readonly object[],
  ): Promise<{ readonly snapshots: number }> =>
    python.foreign({
      uri: lake.uri,
      endpoint: lake.aws.endpoints.s3,
      table: `${NAMESPACE}.${NAME}`,
      what,
      ...(rows === undefined ? {} : { rows }),
    });
  const look = (what: string, until: number): Promise<void> =>
    checkIds(
      lake,
      { name: NAME, folder, oracles, what },
      [...numbers(0, until), ...numbers(1_000, 1_010)],
      wrong,
    );

  await ours(0, 40);
  await theirs("append", numbers(1_000, 1_010).map(named));
  await ours(40, 80);
  await look("another writer's rows between ours", 80);
  await theirs("rewrite");
  // Once more what is there already, as after a crash, and then what follows.
  await ours(40, 80);
  await ours(80, 120);
  await look("all files rewritten", 120);
  const { snapshots } = await theirs("expire");
  if (snapshots !== 1) wrong.push(`pyiceberg left ${snapshots} snapshots instead of one`);
  await ours(80, 120);
  await ours(120, 160);
  await look("all older snapshots expired", 160);
  const found = wrong.length - before;
  return [
    [
      "pyiceberg as another writer",
      `rows, a rewrite and expired snapshots between our commits, ${found} wrong`,
    ],
  ];
}
