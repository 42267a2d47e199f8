// Holds `deploy/` to the schemas of those who read it, offline: Kubernetes's own, strictly; KEDA's, by its types; AWS's, by botocore and by the CDK's validation
// of templates; systemd's, where it is there.
//   npm run check:deploy
// It takes Python with two packages, in an environment of its own or another's:
//   python3 -m venv .venv && .venv/bin/pip install kubernetes-validate==1.37.0 botocore && PYTHON=.venv/bin/python npm run check:deploy
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { manifests, readJson } from "./manifests.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const python = process.env.PYTHON ?? "python3";
const problems = [];
let checks = 0;

requirePython();
checkKubernetes();
checkKeda();
checkAws();
checkUnit();
checkTemplates();

for (const problem of problems) process.stderr.write(`${problem.trimEnd()}\n`);
process.stdout.write(`${checks} checks of deploy/ and the constructs; ${problems.length} problems\n`);
process.exit(problems.length === 0 ? 0 : 1);

function requirePython() {
  const { status } = run(python, ["-c", "import kubernetes_validate, botocore"]);
  if (status === 0) return;
  process.stderr.write(
    `check:deploy needs Python with kubernetes-validate and botocore, which ${python} has not: pip install kubernetes-validate==1.37.0 botocore, or name another Python in PYTHON.\n`,
  );
  process.exit(1);
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
}

function expectSuccess(what, { status, stdout, stderr, error }) {
  checks += 1;
  if (status !== 0) problems.push(`${what}:\n${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`);
}

/** Strictly: a field that Kubernetes does not know is a problem. And the check itself is one if it lets a misspelt field pass. */
function checkKubernetes() {
  const of = manifests(root).filter(({ object }) => !object.apiVersion.startsWith("keda.sh/"));
  const module = ["-m", "kubernetes_validate", "--strict", "-k", "1.37.0"];
  for (const file of new Set(of.map((each) => each.file)))
    expectSuccess(file, run(python, [...module, file]));
  const { object } = of.find((each) => each.object.kind === "Deployment");
  const misspelt = structuredClone(object);
  misspelt.spec.template.spec.terminationGracePeriodsSeconds = 40;
  const { status } = inFolder({ "misspelt.json": JSON.stringify(misspelt) }, (folder) =>
    run(python, [...module, join(folder, "misspelt.json")]),
  );
  checks += 1;
  if (status === 0) problems.push("kubernetes-validate lets a misspelt field pass");
}

/** By the types that are made from KEDA's definitions: as a literal, an object must not have a field that they have not. */
function checkKeda() {
  const of = manifests(root).filter(({ object }) => object.apiVersion.startsWith("keda.sh/"));
  const typed = (object, kind = object.kind) =>
    `import type { I${kind} } from "@kubernetes-models/keda/keda.sh/v1alpha1/${kind}";\nexport const checked: I${kind} = ${JSON.stringify(object)};\n`;
  for (const { file, object } of of)
    expectSuccess(
      file,
      inFolder({ "checked.ts": typed(object) }, (folder) => compile(join(folder, "checked.ts"))),
    );
  const misspelt = structuredClone(of.find(({ object }) => object.kind === "ScaledObject").object);
  misspelt.spec.maxReplicasCount = 8;
  const { status } = inFolder({ "checked.ts": typed(misspelt) }, (folder) =>
    compile(join(folder, "checked.ts")),
  );
  checks += 1;
  if (status === 0) problems.push("the types of KEDA let a misspelt field pass");
}

function compile(file) {
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2023"];
  return run(process.execPath, [
    join(root, "node_modules/typescript/bin/tsc"),
    "--ignoreConfig",
    ...options,
    file,
  ]);
}

/** What the AWS CLI sends a file as, by the service's own model: unknown and missing members, types and ranges. */
function checkAws() {
  const inputs = [
    ["ecs", "RegisterTaskDefinition", "task-definition.json"],
    ["ecs", "CreateService", "service.json"],
    ["application-autoscaling", "RegisterScalableTarget", "scalable-target.json"],
    ["application-autoscaling", "PutScalingPolicy", "scaling-policy.json"],
  ].map(([service, operation, file]) => ({
    service,
    operation,
    input: readJson(root, `deploy/ecs/${file}`),
  }));
  const script = [
    "import json, sys, botocore.session, botocore.validate",
    "session = botocore.session.get_session()",
    "each = json.load(sys.stdin)",
    "model = session.get_service_model(each['service'])",
    "shape = model.operation_model(each['operation']).input_shape",
    "report = botocore.validate.ParamValidator().validate(each['input'], shape)",
    "unknown = set(each['input']) - set(shape.members)",
    "sys.exit(report.generate_report() + str(sorted(unknown)) if report.has_errors() or unknown else 0)",
  ].join("\n");
  for (const each of inputs)
    expectSuccess(each.operation, run(python, ["-c", script], { input: JSON.stringify(each) }));
  const [{ input, ...first }] = inputs;
  const misspelt = { ...first, input: { ...input, cpus: "1024" } };
  const { status } = run(python, ["-c", script], { input: JSON.stringify(misspelt) });
  checks += 1;
  if (status === 0) problems.push("botocore lets a misspelt member pass");
}

function checkUnit() {
  if (run("systemd-analyze", ["--version"]).status !== 0) {
    process.stdout.write("systemd-analyze is not here: the unit was not verified\n");
    return;
  }
  const { stderr } = run("systemd-analyze", ["verify", "deploy/systemd/click-archive.service"]);
  checks += 1;
  // That the program of the unit is not installed here says nothing of the unit.
  const lines = stderr
    .split("\n")
    .filter((line) => line.includes("click-archive.service") && !line.includes("is not executable"));
  if (lines.length > 0) problems.push(lines.join("\n"));
}

/** The tests of the constructs, with the CDK's own validation of what they make. */
function checkTemplates() {
  const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "cdk"];
  expectSuccess(
    "templates of the constructs",
    run(process.execPath, vitest, { env: { ...process.env, KC_VALIDATE_TEMPLATES: "true" } }),
  );
  const misspelt = [
    'import { App, CfnResource, Stack } from "aws-cdk-lib";',
    'import { Template } from "aws-cdk-lib/assertions";',
    'const stack = new Stack(new App({ context: { "@aws-cdk/core:validateAgainstDefaultRules": true } }), "Stack");',
    'new CfnResource(stack, "Queue", { type: "AWS::SQS::Queue", properties: { Delay: 1 } });',
    "Template.fromStack(stack);",
  ].join("\n");
  const { status } = run(process.execPath, ["--input-type=module", "-e", misspelt], {
    cwd: join(root, "packages/cdk"),
  });
  checks += 1;
  if (status === 0) problems.push("the CDK lets a misspelt property of a template pass");
}

/** Calls with a folder of files from which packages of the root can be imported. */
function inFolder(files, call) {
  const folder = join(root, "node_modules", ".cache", "check-deploy");
  mkdirSync(folder, { recursive: true });
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return call(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
