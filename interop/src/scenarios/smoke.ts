import { isDeepStrictEqual } from "node:util";
import type { Rig } from "../rig/rig.js";
import { statusOf } from "../rig/status-command.js";
import type { WorkerSettings } from "../rig/worker-settings.js";
import { NATIVE, owns, type Run, type Scenario } from "./scenario.js";

/** One Java worker alone: what it asks of the local servers, and whether it gets on with the answers. */
export const smoke: Scenario = {
  name: "smoke",
  shows:
    "a Java worker alone on packages/local, over HTTP/1.1 and HTTP/2, by polling and by fan-out; what the command status tells of it",
  runs: [
    run("2.7.2", "h1, polling", { http: "h1" }),
    run("2.7.2", "h2, fan-out", { http: "h2", retrieval: "fan-out" }),
    run("3.5.1", "h2, polling", { http: "h2", clientVersion: NATIVE }),
    run("3.5.1", "h2, fan-out", { http: "h2", retrieval: "fan-out", clientVersion: NATIVE }),
  ],
};

function run(version: Run["version"], mode: string, settings: WorkerSettings): Run {
  return { version, mode, shards: 2, settings, play: (rig) => play(rig, settings.retrieval === "fan-out") };
}

async function play(rig: Rig, usesFanOut: boolean): Promise<void> {
  rig.producer.put(20);
  await rig.java("j1");
  await rig.expect("the worker owns both shards", owns(2, "j1"));
  rig.producer.put(20);
  await rig.drained();
  rig.shards.split(0);
  await rig.expect("the worker owns the children", owns(3, "j1"));
  rig.producer.put(20);
  await rig.drained();
  await rig.stop("j1");
  if (usesFanOut && rig.aws.journal.entries({ operation: "SubscribeToShard" }).length === 0)
    rig.problems.push("the worker read without a subscription");
  rig.problems.push(...unexpectedAnswers(rig));
  await askStatus(rig);
}

const READS = new Set(["DescribeTable", "GetItem", "Scan"]);

/** The command `status` tells each row of the Java worker, which has stopped: only the command speaks to DynamoDB, and it writes nothing. */
async function askStatus(rig: Rig): Promise<void> {
  const after = rig.aws.journal.last();
  const { shards } = await statusOf(rig.aws, rig.application);
  const calls = rig.aws.journal.entries({ server: "dynamodb", after });
  const told = shards.map(({ shardId, owner, ownerKind, checkpoint }) => [
    shardId,
    owner,
    ownerKind,
    checkpoint,
  ]);
  const written = (await rig.rows.all())
    .filter(({ leaseCounter }) => leaseCounter !== undefined)
    .map(({ leaseKey, leaseOwner, checkpoint }) => [leaseKey?.S, leaseOwner?.S, "kcl", checkpoint?.S]);
  rig.say(`status, by ${calls.map(({ operation }) => operation).join(", ")}: ${JSON.stringify(told)}`);
  if (!isDeepStrictEqual(told, written))
    rig.problems.push(`status tells ${JSON.stringify(told)} of ${JSON.stringify(written)}`);
  for (const { operation } of calls)
    if (!READS.has(operation)) rig.problems.push(`status asked DynamoDB for ${operation}`);
}

/** What a service of AWS does not answer a KCL worker. */
const REFUSALS =
  /^(?:UnknownOperation|Validation|Serialization|InternalFailure|InternalServer|InvalidArgument)/;

function unexpectedAnswers(rig: Rig): readonly string[] {
  const found = new Set(
    rig.aws.journal
      .entries()
      .filter(({ status, errorCode = "" }) => status >= 500 || REFUSALS.test(errorCode))
      .map(
        ({ server, operation, status, errorCode = "" }) =>
          `${server} answered ${operation} with ${status} ${errorCode}`,
      ),
  );
  return [...found];
}
