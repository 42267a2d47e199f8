import { checkRow, measureRow } from "./rows/run-row.js";
import { rowName, rowsOf, type Variant } from "./rows/variant.js";

// One row in a process of its own: <file of its variant> <name> <endpoints as JSON> <window as JSON, or "check">. The result is one line.
const [module, name, endpoints, task = "check"] = process.argv.slice(2);
if (module === undefined || endpoints === undefined)
  throw new Error("a row wants a file, a name and endpoints");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { variants } = (await import(`./variants/${module}.js`)) as { readonly variants: readonly Variant[] };
const row = rowsOf(variants).find((candidate) => rowName(candidate) === name);
if (row === undefined) throw new Error(`there is no row ${name}`);
const result =
  task === "check"
    ? { isEqual: await checkRow(row, JSON.parse(endpoints)) }
    : await measureRow(row, JSON.parse(endpoints), JSON.parse(task));
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
