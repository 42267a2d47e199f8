import { checkRow, measureRow } from "./rows/run-row.js";
import { rowName } from "./rows/variant.js";
import { allRows } from "./variants/all.js";

// One row in a process of its own: <name of the row> <servers as JSON> <window as JSON, or "check">. The result is one line.
const [name, servers, task = "check"] = process.argv.slice(2);
const row = allRows().find((candidate) => rowName(candidate) === name);
if (row === undefined || servers === undefined) throw new Error(`there is no row ${name}`);
const result =
  task === "check"
    ? { isEqual: await checkRow(row, JSON.parse(servers)) }
    : await measureRow(row, JSON.parse(servers), JSON.parse(task));
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
