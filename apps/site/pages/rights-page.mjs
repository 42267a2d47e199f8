// docs/rights.md: the tables of rights of all packages, from their policies.
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
  [
    "[`postgres`](../packages/postgres/README.md)",
    "grants of the database: on the schema, the table, and `kc_positions`",
  ],
  [
    "leases in [MySQL](../packages/leases-mysql/README.md) or PostgreSQL",
    "grants of the server; `leases-policy.json` is not needed then",
  ],
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
    "## Rights in words",
    "What has no policy of its own to fill in:",
    table(["what", "rights"], IN_WORDS),
  ]);
}

function whatFor(file) {
  const words = FOR[file.replace(/^iam\/|\.json$/g, "")];
  return words === undefined ? "" : `: ${words}`;
}
