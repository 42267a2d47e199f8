import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { describe, expect, it } from "vitest";
import { adminSettings } from "../../packages/admin/src/options.js";
import { connectorSettings } from "../../packages/consumer/src/connector-settings.js";
import { definePipeline, forEachRecord, text } from "../../packages/core/src/index.js";
import { emf, metricsTally } from "../../packages/telemetry/src/index.js";
import { connectorStarted, progressOf, shard } from "../../packages/telemetry/test/support/events.js";
import { virtualClock } from "../../packages/testkit/src/index.js";
import { filesOf, manifests, readJson, readYaml } from "../check-deploy/manifests.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MIB = 1024 * 1024;

// oxlint-disable-next-line typescript/no-explicit-any -- documents of others' schemas, which the tests look into by path
type Document = any;

const OBJECTS = manifests(ROOT) as readonly { readonly file: string; readonly object: Document }[];
const objectOf = (kind: string): Document => OBJECTS.find(({ object }) => object.kind === kind)?.object;
const kubernetesFile = (): Document => readYaml(ROOT, "deploy/kubernetes/pipeline.yaml")[0];
const ecsFile = (): Document => readYaml(ROOT, "deploy/ecs/pipeline.yaml")[0];

const pod = objectOf("Deployment").spec.template.spec;
const [connector] = pod.containers;
const task: Document = readJson(ROOT, "deploy/ecs/task-definition.json");
const [container] = task.containerDefinitions;
const unit = readFileSync(join(ROOT, "deploy/systemd/click-archive.service"), "utf8");
const dockerfile = readFileSync(join(ROOT, "deploy/docker/Dockerfile"), "utf8");

/** The defaults of the code itself. */
const { stopDeadlineMs, maxReadAheadBytes } = connectorSettings({
  application: "click-archive",
  stream: "clicks",
  pipeline: definePipeline({ transformer: text(), emitter: forEachRecord(() => Promise.resolve()) }),
});
const ADMIN_PORT = adminSettings({}).address.port;

/** Bytes of a quantity of Kubernetes. */
function bytesOf(quantity: string): number {
  const [, digits, of] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  return Number(digits) * (of === "Gi" ? 1_024 : 1) * MIB;
}

describe("deploy/", () => {
  it("holds YAML and JSON that can be read, and every manifest is in a kustomization", () => {
    for (const file of filesOf(ROOT, "", ".json")) expect(readJson(ROOT, file)).toBeTypeOf("object");
    const yaml = filesOf(ROOT, "", ".yaml");
    expect(yaml.length).toBeGreaterThan(10);
    for (const file of yaml) expect(readYaml(ROOT, file)).not.toEqual([]);
    const listed = filesOf(ROOT, "kubernetes", "kustomization.yaml").flatMap((file) => {
      const [{ resources }] = readYaml(ROOT, file) as readonly Document[];
      return (resources as string[]).map((name) => join(file, "..", name));
    });
    expect(listed.toSorted()).toEqual([...new Set(OBJECTS.map(({ file }) => file))].toSorted());
  });

  it("lets a process finish: the time between SIGTERM and SIGKILL is stopDeadlineMs and ten seconds more", () => {
    const seconds = stopDeadlineMs / 1_000;
    expect(pod.terminationGracePeriodSeconds).toBe(seconds + 10);
    // The most that Fargate has.
    expect(container.stopTimeout).toBe(120);
    expect(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]).toBe(String(seconds + 15));
    expect(unit).toMatch(/^KillSignal=SIGTERM$/m);
    expect(unit).toMatch(/^Restart=always$/m);
  });

  it("gives memory for what is read ahead and 300 MiB, and asks for as much as it allows", () => {
    const least = maxReadAheadBytes + 300 * MIB;
    const { requests, limits } = connector.resources;
    expect(bytesOf(limits.memory)).toBeGreaterThanOrEqual(least);
    expect(requests.memory).toBe(limits.memory);
    expect(Number(task.memory) * MIB).toBeGreaterThanOrEqual(least);
    expect(Number(/^MemoryMax=(\d+)G$/m.exec(unit)?.[1]) * 1_024 * MIB).toBeGreaterThanOrEqual(least);
  });

  it("restarts for what /livez says alone, never for lag, and rolls out by /readyz", () => {
    const { port } = kubernetesFile().admin.expose;
    expect(connector.ports).toEqual([{ name: "probes", containerPort: port }]);
    const paths = ["startupProbe", "livenessProbe", "readinessProbe"].map((probe) => [
      connector[probe].httpGet.path,
      connector[probe].httpGet.port,
    ]);
    expect(paths).toEqual([
      ["/livez", "probes"],
      ["/livez", "probes"],
      ["/readyz", "probes"],
    ]);
    const { annotations } = objectOf("Deployment").spec.template.metadata;
    expect(annotations).toMatchObject({
      "prometheus.io/port": String(port),
      "prometheus.io/path": "/metrics",
    });
    expect(ecsFile().admin).toEqual({});
    expect(container.healthCheck.command.join(" ")).toContain(`http://127.0.0.1:${ADMIN_PORT}/livez`);
    const probes = readFileSync(join(ROOT, "packages/admin/src/routes/probes.ts"), "utf8");
    for (const path of ["/livez", "/readyz", "/metrics"]) expect(probes).toContain(`routes.get("${path}"`);
  });

  it("runs as the image's user, with a root that nobody writes to but /spool", () => {
    const [, user] = /^USER (\d+):\d+$/m.exec(dockerfile) ?? [];
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: Number(user) });
    expect(container.user).toBe(`${user}:${user}`);
    expect(connector.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
    expect(container.readonlyRootFilesystem).toBe(true);
    expect(dockerfile).toMatch(/^VOLUME \/spool$/m);
    const mounts = connector.volumeMounts.map(({ mountPath }: Document) => mountPath);
    expect(mounts).toEqual(["/app/pipeline.yaml", "/spool"]);
    expect(dockerfile).toMatch(/^WORKDIR \/app$/m);
    expect(container.mountPoints[0].containerPath).toBe("/spool");
  });

  it("replaces pods without a moment in which there are fewer, and lets one at a time be evicted", () => {
    expect(objectOf("Deployment").spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(objectOf("PodDisruptionBudget").spec.maxUnavailable).toBe(1);
    const labels = objectOf("Deployment").spec.selector.matchLabels;
    expect(objectOf("PodDisruptionBudget").spec.selector.matchLabels).toEqual(labels);
    expect(objectOf("Deployment").spec.template.metadata.labels).toEqual(labels);
    expect(pod.serviceAccountName).toBe(objectOf("ServiceAccount").metadata.name);
  });

  it("scales by shards or by the largest lag, ten minutes between two changes; KEDA's own schemas take both", () => {
    const scaled = OBJECTS.filter(({ object }) => object.kind === "ScaledObject").map(({ object }) => object);
    expect(scaled).toHaveLength(2);
    for (const object of scaled) {
      expect(() => new ScaledObject(object).validate()).not.toThrow();
      const { spec } = object;
      expect(spec.scaleTargetRef.name).toBe(objectOf("Deployment").metadata.name);
      expect(spec.minReplicaCount).toBe(1);
      expect(spec.cooldownPeriod).toBeGreaterThanOrEqual(600);
      const { behavior } = spec.advanced.horizontalPodAutoscalerConfig;
      expect(behavior.scaleDown.stabilizationWindowSeconds).toBeGreaterThanOrEqual(600);
      for (const { policies } of [behavior.scaleUp, behavior.scaleDown])
        for (const { periodSeconds } of policies) expect(periodSeconds).toBeGreaterThanOrEqual(600);
      // Values of a trigger are texts, which the schema leaves open.
      for (const value of Object.values(spec.triggers[0].metadata)) expect(value).toBeTypeOf("string");
    }
    expect(() => new ScaledObject({ ...scaled[0], spec: { triggers: [] } }).validate()).toThrow(
      /scaleTargetRef/,
    );
    expect(() => new TriggerAuthentication(objectOf("TriggerAuthentication")).validate()).not.toThrow();
    const trigger = scaled.flatMap(({ spec }) => spec.triggers).find(({ type }) => type === "prometheus");
    expect(trigger).toMatchObject({ metricType: "Value" });
    expect(trigger.metadata.query).toMatch(
      /^max\(kinesis_connectors_delivery_lag_seconds\{.*="click-archive"\}\)$/,
    );
    expect(Number(trigger.metadata.threshold)).toBeGreaterThan(120);
  });

  it("has ECS follow the metric that the connector writes, by its name and dimensions", async () => {
    const policy = readJson(ROOT, "deploy/ecs/scaling-policy.json");
    const { CustomizedMetricSpecification: metric, ...target } =
      policy.TargetTrackingScalingPolicyConfiguration;
    expect(target).toMatchObject({ ScaleInCooldown: 600, ScaleOutCooldown: 600 });
    expect(ecsFile().telemetry).toEqual({ perShard: false, emf: true });
    const clock = virtualClock();
    const metrics = metricsTally({ application: "click-archive", stream: "clicks", perShard: false, clock });
    metrics.attach({
      ownerId: "w:1",
      progress: () => progressOf([shard({ shardId: "s0", readThroughMs: clock.now() })]),
    });
    const written: string[] = [];
    emf(metrics, { names: "own", write: (lines) => void written.push(lines) });
    metrics.observe(connectorStarted("click-archive"));
    await clock.advance(60_000);
    const lines = written
      .join("")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const line = lines.find((each) => each[metric.MetricName] !== undefined);
    const [{ Namespace, Dimensions, Metrics }] = line["_aws"].CloudWatchMetrics;
    expect(Namespace).toBe(metric.Namespace);
    const names = metric.Dimensions.map(({ Name }: Document) => Name);
    expect(Dimensions.map((each: string[]) => each.toSorted())).toContainEqual(names.toSorted());
    for (const { Name, Value } of metric.Dimensions) expect(line[Name]).toBe(Value);
    expect(Metrics).toContainEqual({ Name: metric.MetricName, Unit: metric.Unit });
    expect(readJson(ROOT, "deploy/ecs/scalable-target.json")).toMatchObject({
      ResourceId: policy.ResourceId,
    });
  });

  it("grants the role what the packages' own policies grant, and nothing else", () => {
    const names: Readonly<Record<string, string>> = {
      REGION: "eu-central-1",
      ACCOUNT: "111122223333",
      STREAM: "clicks",
      APPLICATION: "click-archive",
      BUCKET: kubernetesFile().emitter.bucket,
    };
    const granted = (statements: readonly Document[], prefix = ""): readonly string[] =>
      statements.flatMap(({ Action, Resource }) =>
        [Action].flat().map((action: string) => {
          const resource = String(Resource).replaceAll(
            /(?<!\w)[A-Z][A-Z_]+(?!\w)/g,
            (word) => ({ ...names, PREFIX: prefix })[word] ?? word,
          );
          return `${action} on ${resource}`;
        }),
      );
    const statementsOf = (file: string): readonly Document[] =>
      readJson(ROOT, `packages/${file}`).Statement.filter(
        ({ Sid }: Document) => Sid !== "OnlyForEncryptedStreams" && Sid !== "OnlyForSseKms",
      );
    const { Statement: statements } = readJson(ROOT, "deploy/iam/worker-policy.json");
    const { emitter, deadLetters } = kubernetesFile();
    expect(granted(statements).toSorted()).toEqual(
      [
        ...granted(statementsOf("consumer/iam/read-policy.json")),
        ...granted(statementsOf("consumer/iam/leases-policy.json")),
        ...granted(statementsOf("s3/iam/emitter-policy.json"), emitter.prefix),
        ...granted(statementsOf("s3/iam/emitter-policy.json"), deadLetters.prefix),
      ].toSorted(),
    );
    expect(new Set(statements.map(({ Sid }: Document) => Sid)).size).toBe(statements.length);
  });
});
