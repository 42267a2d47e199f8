import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { PolicyDocumentJson } from "../../src/index.js";

export interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const REGION = "eu-central-1";
const ACCOUNT = "111122223333";

/**
 * A stack of a known account and region, so that names come out as they are. The CDK's own validation of templates takes seconds: `npm run check:deploy` runs
 * these tests with it.
 */
export function stackOf(): Stack {
  const builtinCloudFormationValidation = process.env["KC_VALIDATE_TEMPLATES"] === "true";
  const context = { "@aws-cdk/core:validateAgainstDefaultRules": true };
  const app = new App({ analyticsReporting: false, builtinCloudFormationValidation, context });
  return new Stack(app, "Stack", { env: { region: REGION, account: ACCOUNT } });
}

/** A resource of a template, as far as tests look at it. */
interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** What a stack makes. */
export class Made {
  readonly template: Template;

  constructor(stack: Stack) {
    this.template = Template.fromStack(stack);
  }

  /** The properties of the only resource of a type. */
  only(type: string): Readonly<Record<string, unknown>> {
    const found = Object.values(this.template.findResources(type)) as Resource[];
    if (found.length !== 1 || found[0] === undefined)
      throw new Error(`there are ${found.length} of ${type}, and not one`);
    return found[0].Properties;
  }

  /** Every statement of inline policies, with texts that CloudFormation joins put together. */
  statements(): readonly Statement[] {
    const policies = Object.values(this.template.findResources("AWS::IAM::Policy")) as Resource[];
    return policies.flatMap(({ Properties }) => {
      const { Statement: statements } = Properties["PolicyDocument"] as { Statement: readonly Statement[] };
      return statements.map(({ Sid, Effect, Action, Resource }) => ({
        Sid,
        Effect,
        Action: [Action].flat(),
        Resource: joined(Resource),
      }));
    });
  }
}

/** What CloudFormation knows by itself. */
const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
};

/** Puts together what CloudFormation joins, with references by name. */
function joined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(joined);
  if (typeof value !== "object" || value === null) return value;
  if ("Fn::Join" in value) {
    const [between, parts] = value["Fn::Join"] as [string, readonly unknown[]];
    return parts.map((part) => String(joined(part))).join(between);
  }
  if ("Ref" in value) return PSEUDO[String(value.Ref)] ?? `<${String(value.Ref)}>`;
  if ("Fn::GetAtt" in value) return `<${(value["Fn::GetAtt"] as readonly string[]).join(".")}>`;
  return value;
}

/** What a policy of a package grants once its words are names, as `statements` has it. */
export function grantedBy(
  policy: PolicyDocumentJson,
  names: Readonly<Record<string, string>>,
  keep: (sid: string) => boolean = () => true,
): readonly Statement[] {
  const filled = (text: string): string =>
    text.replaceAll(/(?<!\w)[A-Z][A-Z_]+(?!\w)/g, (word) => ({ REGION, ACCOUNT, ...names })[word] ?? word);
  return policy.Statement.filter(({ Sid }) => keep(Sid)).map(({ Sid, Effect, Action, Resource }) => {
    const resources = [Resource].flat().map(filled);
    return {
      Sid,
      Effect,
      Action: [Action].flat(),
      Resource: resources.length === 1 ? resources[0] : resources,
    };
  });
}
