import { readFileSync } from "node:fs";
import { batchOf, deliver } from "@kinesis-connectors/testkit";
import type { RedshiftEmitterOptions } from "@kinesis-connectors/redshift";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  emitterOn,
  hurriedClock,
  isLoad,
  ledgerRowOf,
  type Outcome,
  startDataApi,
  startStagingS3,
} from "./data-api.js";

interface Statement {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

type Options = Partial<RedshiftEmitterOptions<object>>;

const REDSHIFT = "arn:aws:redshift:eu-central-1:123456789012";
const WORKGROUP_ID = "01234567-89ab-cdef-0123-456789abcdef";
const WORKGROUP = `arn:aws:redshift-serverless:eu-central-1:123456789012:workgroup/${WORKGROUP_ID}`;
const SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/loader-Ab12Cd";

const NAMES: Readonly<Record<string, string>> = {
  REGION: "eu-central-1",
  ACCOUNT: "123456789012",
  CLUSTER: "dwh",
  WORKGROUP: WORKGROUP_ID,
  DATABASE: "shop",
  USER: "loader",
  SECRET: "shop/loader-Ab12Cd",
};

/** The statements of shipped policies, filled in. */
function statementsOf(...files: readonly string[]): Statement[] {
  return files.flatMap((file) => {
    const text = readFileSync(new URL(`../iam/${file}.json`, import.meta.url), "utf8");
    const filled = text.replaceAll(/\b[A-Z][A-Z_]+\b/g, (word) => NAMES[word] ?? word);
    return (JSON.parse(filled) as { readonly Statement: readonly Statement[] }).Statement;
  });
}

const covers = (pattern: string, arn: string): boolean =>
  pattern === "*" || pattern === arn || (pattern.endsWith("*") && arn.startsWith(pattern.slice(0, -1)));

const allows = (statements: readonly Statement[], [action, arn]: Needed): boolean =>
  statements.some(
    ({ Action, Resource }) =>
      [Action].flat().includes(action) && [Resource].flat().some((each) => covers(each, arn)),
  );

/** Where a batch of statements goes, and as whom. */
interface Target {
  readonly ClusterIdentifier?: string;
  readonly Database?: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}

type Needed = readonly [action: string, arn: string];

/**
 * What a call takes (Service Authorization Reference, "Amazon Redshift Data API"; API reference of BatchExecuteStatement, ways to authenticate; resource
 * types of GetClusterCredentials, all that the call names).
 */
function neededFor(operation: string, input: Readonly<Record<string, unknown>>): readonly Needed[] {
  const own = `redshift-data:${operation}`;
  if (operation !== "BatchExecuteStatement") return [[own, "*"]];
  const { ClusterIdentifier: cluster, Database, DbUser: user, SecretArn: secret } = input as Target;
  const where: Needed = [own, cluster === undefined ? WORKGROUP : `${REDSHIFT}:cluster:${cluster}`];
  if (secret !== undefined) return [where, ["secretsmanager:GetSecretValue", secret]];
  if (cluster === undefined) return [where, ["redshift-serverless:GetCredentials", WORKGROUP]];
  const name = `${REDSHIFT}:dbname:${cluster}/${Database}`;
  if (user === undefined) return [where, ["redshift:GetClusterCredentialsWithIAM", name]];
  const credentials = "redshift:GetClusterCredentials";
  return [where, [credentials, `${REDSHIFT}:dbuser:${cluster}/${user}`], [credentials, name]];
}

const TO_CLUSTER: Options = { cluster: "dwh" };
/** Each way in, and the policies that take the place of `TemporaryCredentials`. */
const WAYS: readonly [way: string, options: Options, instead: readonly string[]][] = [
  ["the identity, to a workgroup", {}, []],
  ["the identity, to a cluster", TO_CLUSTER, []],
  ["dbUser", { ...TO_CLUSTER, dbUser: "loader" }, ["db-user-policy"]],
  ["secretArn, to a cluster", { ...TO_CLUSTER, secretArn: SECRET }, ["secret-policy"]],
  ["secretArn, to a workgroup", { secretArn: SECRET }, ["secret-policy"]],
];

let s3: Awaited<ReturnType<typeof startStagingS3>>;
beforeAll(async () => {
  s3 = await startStagingS3();
});
afterAll(() => s3.close());

/** A load where IAM allows what the statements do, and what it failed with. The actions that it took go into `asked`. */
async function failureOf(
  statements: readonly Statement[],
  options: Options,
  { outcome, asked = new Set() }: { readonly outcome?: Outcome; readonly asked?: Set<string> } = {},
): Promise<unknown> {
  await using api = await startDataApi(
    (submission) => outcome ?? (isLoad(submission) ? { rows: [ledgerRowOf(submission)] } : {}),
    (operation, input) => {
      const needed = neededFor(operation, input);
      for (const [action] of needed) asked.add(action);
      const missing = needed.find((each) => !allows(statements, each));
      if (missing === undefined) return undefined;
      const [action, arn] = missing;
      // What the Data API does in the name of its caller is told as a mistake in the caller's input.
      const code = action.startsWith("redshift-data:") ? "AccessDeniedException" : "ValidationException";
      return {
        code,
        message: `User: arn:aws:sts::123456789012:assumed-role/loader/1 is not authorized to perform: ${action} on resource: ${arn}`,
      };
    },
  );
  const emitter = emitterOn(api, s3, options);
  try {
    await deliver(emitter, batchOf([{ id: 1 }]), { clock: hurriedClock() });
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await emitter.close?.();
  }
}

const isOfDatabase = ({ Action }: Statement): boolean => !/^(?:s3|kms):/.test([Action].flat()[0] ?? "");

describe("S01 the shipped policies", () => {
  it.each(WAYS)(
    "open the way in by %s, and without any of their statements a load stops and names the action",
    async (_way, options, instead) => {
      const statements = statementsOf("emitter-policy", ...instead)
        .filter(isOfDatabase)
        .filter(({ Sid }) => instead.length === 0 || Sid !== "TemporaryCredentials");
      expect(await failureOf(statements, options)).toBe(undefined);
      for (const statement of statements) {
        const others = statements.filter((each) => each !== statement);
        const failure = await failureOf(others, options);
        expect(failure).toMatchObject({ code: "KC_EMIT_REFUSED" });
        const [, right, policy = ""] = /: grant (\S+) as iam\/(\S+)\.json/.exec(String(failure)) ?? [];
        expect([statement.Action].flat()).toContain(right);
        expect(statementsOf(policy)).toContainEqual(statement);
      }
    },
  );

  it("grant what loads call and nothing else, one that takes too long and is cancelled included", async () => {
    const asked = new Set<string>();
    const statements = statementsOf("emitter-policy");
    expect(await failureOf(statements, {}, { asked })).toBe(undefined);
    expect(
      await failureOf(
        statements,
        { ...TO_CLUSTER, statementTimeoutMs: 3_000 },
        { asked, outcome: { status: "STARTED" } },
      ),
    ).toMatchObject({
      name: "TimeoutError",
    });
    const granted = statements.filter(isOfDatabase).flatMap(({ Action }) => Action);
    expect([...asked].toSorted()).toEqual(granted.toSorted());
  });
});
