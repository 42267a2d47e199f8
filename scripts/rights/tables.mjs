// The tables of rights in the READMEs: one below each comment that names a policy (<!-- rights of iam/emitter-policy.json -->), made from it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MARK = /<!-- rights of (iam\/[\w.-]+\.json) -->\n/g;
const TABLE = /^\n(?:\|.*\n)+/;

/** Folders of packages that ship policies. */
export function packagesWithPolicies(root) {
  return readdirSync(join(root, "packages")).filter((name) =>
    existsSync(join(root, "packages", name, "iam")),
  );
}

/** The policies of a package, by file. */
export function policiesOf(root, name) {
  const folder = join(root, "packages", name, "iam");
  return new Map(
    readdirSync(folder).map((file) => [`iam/${file}`, JSON.parse(readFileSync(join(folder, file), "utf8"))]),
  );
}

const listOf = (value) => (Array.isArray(value) ? value : [value]);

/** What a policy grants: a row for each statement, with its name, its actions and what they are on. */
export function rowsOf(policy) {
  return policy.Statement.map(({ Sid, Action, Resource, Condition }) => {
    const on = listOf(Resource).map(
      (each) => `\`${each.replace(/^arn:aws:/, "").replace(":REGION:ACCOUNT:", ":")}\``,
    );
    const when = Object.values(Condition ?? {}).flatMap((test) =>
      Object.entries(test).map(([key, value]) => `, where \`${key}\` is \`${value}\``),
    );
    return [
      Sid,
      listOf(Action)
        .map((each) => `\`${each}\``)
        .join(", "),
      on.join(", ") + when.join(""),
    ];
  });
}

/** The rows of the table below each comment of a README; undefined where none stands there. */
export function tablesIn(text) {
  return [...text.matchAll(MARK)].map(({ 0: mark, 1: file, index }) => {
    const [table] = TABLE.exec(text.slice(index + mark.length)) ?? [];
    const rows = table
      ?.trim()
      .split("\n")
      .slice(2)
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    return { file, rows };
  });
}

/** A README with its tables made anew. */
export function withTables(text, policies) {
  return text.replaceAll(new RegExp(`${MARK.source}(\\n(?:\\|.*\\n)+)?`, "g"), (_all, file) => {
    const rows = [["for", "rights", "on"], ["---", "---", "---"], ...rowsOf(policies.get(file))];
    return `<!-- rights of ${file} -->\n\n${rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("")}`;
  });
}
