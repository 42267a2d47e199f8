import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { packagesWithPolicies, policiesOf, rowsOf, tablesIn } from "../rights/tables.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Principal?: unknown;
}

const POLICIES = (packagesWithPolicies(ROOT) as readonly string[]).map((name) => ({
  name,
  policies: policiesOf(ROOT, name) as ReadonlyMap<string, { readonly Statement: readonly Statement[] }>,
}));
const EACH = POLICIES.flatMap(({ name, policies }) =>
  [...policies].map(([file, policy]) => ({ name, file, policy })),
);

/** Those that somebody else attaches to what is his: they name who may, and have no table of their own. */
const isOfResource = ({ Statement: statements }: { readonly Statement: readonly Statement[] }): boolean =>
  statements.some(({ Principal }) => Principal !== undefined);

describe("S01 policies of the packages", () => {
  it.each(POLICIES)(
    "of $name are in the tables of its README, made by `npm run rights`",
    ({ name, policies }) => {
      const tables = tablesIn(readFileSync(join(ROOT, "packages", name, "README.md"), "utf8"));
      const shown = Object.fromEntries(tables.map(({ file, rows }) => [file, rows]));
      const shipped = [...policies].filter(([, policy]) => !isOfResource(policy));
      expect(shown).toEqual(Object.fromEntries(shipped.map(([file, policy]) => [file, rowsOf(policy)])));
    },
  );

  it.each(POLICIES)("of $name are shipped with it and linked from its README", ({ name, policies }) => {
    const manifest = readFileSync(join(ROOT, "packages", name, "package.json"), "utf8");
    const readme = readFileSync(join(ROOT, "packages", name, "README.md"), "utf8");
    expect(JSON.parse(manifest)).toMatchObject({ files: expect.arrayContaining(["iam"]) });
    for (const file of policies.keys()) expect(readme).toContain(`(${file})`);
  });

  it.each(EACH)("$name/$file allows named actions on named resources", ({ policy }) => {
    expect(policy).toMatchObject({ Version: "2012-10-17" });
    const sids = policy.Statement.map(({ Sid }) => Sid);
    expect(new Set(sids).size).toBe(sids.length);
    for (const { Sid, Effect, Action, Resource } of policy.Statement) {
      expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
      expect(Effect).toBe("Allow");
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z0-9-]+:[A-Z]\w+$/);
      // What the service cannot limit to a resource (Service Authorization Reference: no resource types, or a condition instead; Glue, of a schema by its id).
      const isUnlimited = [Action]
        .flat()
        .every((each) =>
          /^(lambda:ListEventSourceMappings|redshift-data:|glue:GetSchemaVersion$)/.test(each),
        );
      for (const resource of [Resource].flat())
        expect(resource).toMatch(isUnlimited && Resource === "*" ? /^\*$/ : /^arn:aws:[\w-]+:/);
    }
  });
});
