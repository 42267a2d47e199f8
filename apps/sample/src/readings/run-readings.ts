import { startConnector } from "@kinesis-connectors/consumer";
import type { Pipeline } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import { deliver, faultsMet } from "../deliver.js";
import { deliverThroughKills } from "../kills/deliver-through-kills.js";
import type { Running } from "../run-sample.js";
import { checkReadings, type ReadingsCheck } from "./check-readings.js";
import { generatedReadings, type Reading, type ReadingsOptions } from "./reading.js";

/** Options of a run. */
export interface RunOptions extends ReadingsOptions {
  readonly shards: number;
  /** How often the worker, a process of its own then, is killed. Default 0. */
  readonly kills?: number;
  /** Refuses entries and loses replies meanwhile. Default false. */
  readonly faults?: boolean;
}

/** The result of a run. */
export interface RunResult extends ReadingsCheck {
  readonly kills: number;
  readonly seconds: number;
  /** Faults that were met. */
  readonly faults: number;
}

/** Where readings go. */
export interface ReadingsTarget<Target> {
  readonly application: string;
  /** It travels to worker processes as JSON. */
  readonly target: Target;
  readonly pipeline: (target: Target) => Pipeline<Reading, Reading>;
  /** The module of a worker in a process of its own. */
  readonly worker: URL;
  /** The batch request that writes them, for the faults. */
  readonly request: { readonly server: "firehose" | "sqs"; readonly operation: string };
  /** The texts that have landed, in the order of their arrival. */
  readonly landed: () => readonly string[];
}

/** Puts readings into a stream on loopback while a connector takes those that are warm to a target, and compares. */
export async function runReadings<Target>(
  aws: LocalAws,
  options: RunOptions,
  { application, target, pipeline, worker, request, landed }: ReadingsTarget<Target>,
  running?: Running,
): Promise<RunResult> {
  const { shards, seed, kills = 0, faults = false } = options;
  if (faults) addFaults(aws, request);
  const readings = [...generatedReadings(options)];
  const delivery = {
    stream: "source",
    shards,
    records: readings.map((reading) => ({ partitionKey: reading.sensor, data: JSON.stringify(reading) })),
    count: readings.length,
  };
  const { seconds } =
    kills === 0
      ? await deliver(
          aws,
          {
            ...delivery,
            start: (local) => startConnector({ ...local, application, pipeline: pipeline(target) }),
          },
          running,
        )
      : await deliverThroughKills(
          aws,
          { ...delivery, application, worker, setup: target, kills, seed },
          running,
        );
  return {
    ...checkReadings(
      readings,
      landed().map((text): Reading => JSON.parse(text)),
    ),
    kills,
    seconds,
    faults: faultsMet(aws),
  };
}

function addFaults(aws: LocalAws, request: ReadingsTarget<unknown>["request"]): void {
  const rule = { ...request, times: "always" } as const;
  aws.faults.add({ ...rule, times: 1, effect: { kind: "partial-failure", indexes: [0] } });
  aws.faults.add({ ...rule, probability: 0.2, effect: { kind: "partial-failure", share: 0.1 } });
  aws.faults.add({ ...rule, probability: 0.02, effect: { kind: "reply-lost" } });
}
