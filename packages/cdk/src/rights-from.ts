import { readFileSync } from "node:fs";
import { checkOptions, invalidOption, type OptionNames } from "@kinesis-connectors/core";
import { Aws } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";

/** One of the policies that each package has in its `iam/` folder. */
export interface PolicyDocumentJson {
  readonly Version: string;
  readonly Statement: readonly {
    readonly Sid: string;
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
    readonly Condition?: Readonly<Record<string, unknown>>;
  }[];
}

/** Options of `rightsFrom`. */
export interface RightsOptions {
  /** What the words in capitals stand for, such as `{ BUCKET: bucket.bucketName, PREFIX: "archive" }`. `REGION` and `ACCOUNT` are the stack's own unless given. */
  readonly names: Readonly<Record<string, string>>;
  /** Statements, by `Sid`, that are not needed, such as `OnlyForSseKms`. Default: none is left out. */
  readonly without?: readonly string[];
}

const NAMES: OptionNames<RightsOptions> = { names: "required", without: true };

/** A word in capitals that stands for a name. */
const PLACEHOLDER = /(?<![A-Za-z0-9_])[A-Z][A-Z_]+(?![A-Za-z0-9_])/g;

const ARN = "arn:aws:";

/**
 * The statements of a policy in the `iam/` folder of a package, with names in the place of its words in capitals: the rights that the package's own test compares
 * with its calls.
 *
 * @example
 * ```ts
 * rightsFrom("node_modules/@kinesis-connectors/s3/iam/emitter-policy.json", {
 *   names: { BUCKET: bucket.bucketName, PREFIX: "archive" },
 *   without: ["OnlyForSseKms"],
 * });
 * ```
 * @param policy the file's path, or what it holds
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for a word that no name is given for, a name or `Sid` that the policy has not, and a file that is none
 */
export function rightsFrom(policy: string | PolicyDocumentJson, options: RightsOptions): PolicyStatement[] {
  checkOptions("rightsFrom", options, NAMES);
  const { names, without = [] } = options;
  const { Statement: statements } = typeof policy === "string" ? readPolicy(policy) : policy;
  const sids = statements.map(({ Sid }) => Sid);
  const unknown = without.find((sid) => !sids.includes(sid));
  if (unknown !== undefined)
    throw invalidOption(`without names ${unknown}, which the policy has not: it has ${sids.join(", ")}`);
  const words = new Set(JSON.stringify(statements).match(PLACEHOLDER));
  const idle = Object.keys(names).find((word) => !words.has(word));
  if (idle !== undefined)
    throw invalidOption(`names has ${idle}, which the policy has not: it has ${[...words].join(", ")}`);
  const fill = fillerOf({ REGION: Aws.REGION, ACCOUNT: Aws.ACCOUNT_ID, ...names });
  return statements
    .filter(({ Sid }) => !without.includes(Sid))
    .map(({ Resource, Condition, ...statement }) =>
      PolicyStatement.fromJson({
        ...statement,
        Resource: fill(Resource),
        ...(Condition === undefined ? {} : { Condition: fill(Condition) }),
      }),
    );
}

function readPolicy(file: string): PolicyDocumentJson {
  const read: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (isPolicy(read)) return read;
  throw invalidOption(`policy must be a policy in JSON, and ${file} is none`);
}

function isPolicy(read: unknown): read is PolicyDocumentJson {
  return typeof read === "object" && read !== null && "Statement" in read && Array.isArray(read.Statement);
}

/** Puts names into every text of a value. */
function fillerOf(names: Readonly<Record<string, string>>): (value: unknown) => unknown {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return filled(value);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]));
  };
  const filled = (text: string): string => {
    const named = text.replaceAll(PLACEHOLDER, (word) => {
      const name = names[word];
      if (name !== undefined) return name;
      throw invalidOption(`names must say what ${word} is, which the policy has in ${text}`);
    });
    return named.startsWith(ARN) ? `arn:${Aws.PARTITION}:${named.slice(ARN.length)}` : named;
  };
  return fill;
}
