// docs/rights.md: the tables of rights of all packages, from their policies.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packagesWithPolicies, policiesOf, rowsOf } from "../../../scripts/rights/tables.mjs";
import { page, table } from "./markdown.mjs";

/** Words for whoever needs a policy, by the start of its name. */
const FOR = {
  "consumer-resource-policy": "attached to a registered consumer by the stream's owner, for another account",
  "db-user-policy": "in place of `TemporaryCredentials`, where `dbUser` is given",
  "secret-policy": "in place of `TemporaryCredentials`, where `secretArn` is given",
  "stream-resource-policy": "attached to a stream by its owner, for another account",
};

/** What takes rights and ships no policy. */
const IN_WORDS = [
  [
    "[`cli`](../packages/cli/README.md#rights), command by command",
    "on the lease table; on the stream and the bucket where a command looks there",
  ],
];

/** Packages whose READMEs have the statements for a user of a server. */
const ON_SERVERS = [
  ["leases-redis", "leases in Redis or Valkey"],
  ["leases-mysql", "leases in MySQL or MariaDB"],
  ["postgres", "rows, and leases, in PostgreSQL"],
];

/** The page. */
export function rightsPage(root) {
  return page([
    "# Rights",
    "<!-- made by npm run pages, from packages/*/iam -->",
    `The least that a role needs, package by package: each policy is a file that its package ships, and a test compares it with the calls that are made. Names in
capitals are for you to fill in. A connector has the statements of the consumer and of its destination in one role:
[\`deploy/iam\`](../deploy/iam/worker-policy.json) has that of a worker into S3, with the trust policies for EC2, ECS and EKS, and
[\`@kinesis-connectors/cdk\`](../packages/cdk/README.md) puts it together by itself. Streams of another account: [accounts](where-it-runs.md#accounts).`,
    `\`\`\`sh
aws iam create-policy --policy-name click-archive --policy-document file://worker-policy.json
\`\`\``,
    `What a right that is missing looks like: the connector stops with [\`KC_EMIT_REFUSED\`](errors.md#kc_emit_refused), [\`KC_READ_REFUSED\`](errors.md#kc_read_refused),
[\`KC_LOOKUP_REFUSED\`](errors.md#kc_lookup_refused) or [\`KC_LEASE_TABLE\`](errors.md#kc_lease_table), and names the action. \`kinesis-connectors validate FILE --online\` asks beforehand.`,
    packagesWithPolicies(root).map((name) => [
      `## ${name}`,
      [...policiesOf(root, name)].map(([file, policy]) => [
        `[\`${file}\`](../packages/${name}/${file})${whatFor(file)}`,
        policy.Statement.some(({ Principal }) => Principal !== undefined)
          ? ""
          : table(["for", "rights", "on"], rowsOf(policy)),
      ]),
    ]),
    "## On servers",
    "What a user of a server needs, word by word as the tests give it. A start, or a shard, stops where any of it is missing. `leases-policy.json` is not needed then.",
    ON_SERVERS.map(([name, what]) => [
      `[\`${name}\`](../packages/${name}/README.md#rights): ${what}`,
      statementsOf(readFileSync(join(root, "packages", name, "README.md"), "utf8")),
    ]),
    "## Rights in words",
    "What has no policy of its own to fill in:",
    table(["what", "rights"], IN_WORDS),
  ]);
}

function whatFor(file) {
  const words = FOR[file.replace(/^iam\/|\.json$/g, "")];
  return words === undefined ? "" : `: ${words}`;
}

/** The blocks of the section "Rights" of a README. */
function statementsOf(readme) {
  const [, section = ""] = /^## Rights\n([^]*?)(?=^## |$(?![^]))/m.exec(readme) ?? [];
  const blocks = section.match(/^```[^]*?^```$/gm);
  if (blocks === null) throw new Error("a README without statements in its section Rights");
  return blocks;
}
