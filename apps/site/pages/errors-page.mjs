// docs/errors.md: every code, with what its docstring says where it is declared, and the packages that it comes from.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./markdown.mjs";

/** Where codes are declared, and what they are codes of, in the order of the page. */
const DECLARED = [
  {
    file: "packages/core/src/errors.ts",
    title: "Of connectors",
    about:
      "Errors of class `KinesisConnectorError`, which every package throws and `connector.done` rejects with.",
  },
  {
    file: "packages/core/src/logging/notices.ts",
    title: "Warnings",
    about: "Lines with a `code`, and no errors: nothing stops for them, and each is written once.",
  },
  { file: "packages/core/src/logger.ts" },
  {
    file: "packages/cli/src/app/errors.ts",
    title: "Of the command line",
    about:
      "What `kinesis-connectors` ends with, beside the codes above: one sentence on standard error, or `--json`.",
  },
  {
    file: "packages/wire/src/wire-format-error.ts",
    title: "Of the bytes of Kinesis",
    about: "Errors of classes of their own. The connector asks again by itself where one of them may pass.",
  },
  { file: "packages/wire/src/aggregation/aggregate-error.ts" },
  {
    file: "packages/local/src/errors.ts",
    title: "Of the local servers",
    about: "Errors of class `LocalAwsError`.",
  },
];
/** Text of a docstring, then the code that it is of: the member of a union, or the constant that a class behind it is made with. */
const MEMBER = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\|\s*"(KC_\w+)"/g;
const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*const \w+ = "(KC_\w+)";/g;
const CONSTANT = /= "(KC_\w+)";[\s\S]*?\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export class/g;
const LITERAL = /"(KC_[A-Z0-9_]+)"/g;
/** A variable of the environment. */
const NO_ERRORS = new Set(["KC_ADMIN_TOKEN"]);

/**
 * The codes that the packages' sources declare.
 *
 * @param root the repository
 * @throws Error where a docstring says no cure
 */
export function declaredCodes(root) {
  return DECLARED.flatMap(({ file }) => {
    const text = readFileSync(join(root, file), "utf8");
    const found = [
      ...[...text.matchAll(MEMBER)].map(([, doc, code]) => ({ code, doc })),
      ...[...text.matchAll(DOCUMENTED)].map(([, doc, code]) => ({ code, doc })),
      ...[...text.matchAll(CONSTANT)].map(([, code, doc]) => ({ code, doc })),
    ];
    return found.map(({ code, doc }) => codeOf(file, code, doc));
  });
}

function codeOf(file, code, doc) {
  const text = doc
    .replaceAll(/^\s*\*/gm, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  const [what, cure] = text.split(" Cure: ");
  if (cure === undefined)
    throw new Error(`${file}: ${code} has no cure: say it behind "Cure:" in its docstring`);
  return { file, code, what, cure };
}

/** Every code that the packages' sources write down, and the packages that do. */
export function writtenCodes(root) {
  const packagesOf = new Map();
  for (const name of readdirSync(join(root, "packages")).sort())
    for (const file of sourcesBelow(join(root, "packages", name, "src")))
      for (const [, code] of readFileSync(file, "utf8").matchAll(LITERAL))
        if (!NO_ERRORS.has(code)) packagesOf.set(code, (packagesOf.get(code) ?? new Set()).add(name));
  return packagesOf;
}

function sourcesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The page. */
export function errorsPage(root) {
  const codes = declaredCodes(root);
  const packagesOf = writtenCodes(root);
  return page([
    "# Errors",
    "<!-- made by npm run pages, from the docstrings where the codes are declared -->",
    `Every error that this project throws has a code, and a message with its cause and its cure: the option, the right or the place that it is about. The code
stays when the message gets better, so test and alarm on the code:`,
    EXAMPLE,
    `A connector that fails tells its log \`shard-fail\` or \`connector-stop\` with the code, and \`/api/v1/errors\` of [admin](../packages/admin/README.md) has the
last hundred of a process. An outage is no error: it is [waited for and told](operating.md#outages-and-mistakes). By what you see rather than by a code:
[symptom, sign, cure](troubleshooting.md).`,
    DECLARED.map(({ file, title, about }) => [
      title === undefined ? "" : `## ${title}`,
      about ?? "",
      codes
        .filter((each) => each.file === file)
        .map(({ code, what, cure }) => [
          `### ${code}`,
          what,
          `**Cure:** ${cure}`,
          `In ${[...(packagesOf.get(code) ?? [])].map((name) => `\`${name}\``).join(", ")}.`,
        ]),
    ]),
  ]);
}

const EXAMPLE = `<!-- given:
import type { Connector } from "@kinesis-connectors/consumer";
declare const connector: Connector;
-->

\`\`\`ts
import { hasCode } from "@kinesis-connectors/core";

try {
  await connector.done;
} catch (error) {
  if (hasCode(error, "KC_RETENTION_GAP")) console.error("records are gone:", error.message);
  throw error;
}
\`\`\``;
