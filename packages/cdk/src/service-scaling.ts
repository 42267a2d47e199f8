import { checkOptions, invalidOption, type OptionNames, wholeNumber } from "@kinesis-connectors/core";
import { Duration } from "aws-cdk-lib";
import { Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import { SCALING_COOLDOWN_S } from "./limits.js";

/** How many tasks a `KinesisConnectorService` has. */
export interface ServiceScaling {
  /** Fewest tasks. Default 1. */
  readonly minTasks?: number;
  /** Most tasks: no more than the stream has shards, since further ones idle. */
  readonly maxTasks: number;
  /** The age of what is delivered that tasks are added above and taken away below, in seconds, over twice `buffer.maxAgeMs`. Default 120. */
  readonly deliveryLagS?: number;
}

const NAMES: OptionNames<ServiceScaling> = { minTasks: true, maxTasks: "required", deliveryLagS: true };

/** `ServiceScaling`, checked and complete. */
export type CheckedScaling = Required<ServiceScaling>;

/**
 * Checks how a service is to be scaled.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedScaling(scaling: ServiceScaling): CheckedScaling {
  checkOptions("scaling", scaling, NAMES);
  const minTasks = wholeNumber("scaling.minTasks", scaling.minTasks ?? 1, { min: 1 });
  const maxTasks = wholeNumber("scaling.maxTasks", scaling.maxTasks, { min: 1 });
  if (maxTasks < minTasks) throw invalidOption("scaling.maxTasks must not be below scaling.minTasks");
  const deliveryLagS = wholeNumber("scaling.deliveryLagS", scaling.deliveryLagS ?? 120, { min: 1 });
  return { minTasks, maxTasks, deliveryLagS };
}

/**
 * Follows the delivery lag of the shard that is furthest behind: `emf` with its own names and without a series for each shard writes it, and the largest of what the tasks say counts. A sum would
 * grow with the fleet.
 */
export function scaleOnDeliveryLag(
  service: FargateService,
  application: string,
  streamName: string,
  scaling: CheckedScaling,
): void {
  service
    .autoScaleTaskCount({ minCapacity: scaling.minTasks, maxCapacity: scaling.maxTasks })
    .scaleToTrackCustomMetric("DeliveryLag", {
      metric: new Metric({
        namespace: "KinesisConnectors",
        metricName: "delivery.lag.duration",
        dimensionsMap: {
          "aws.kinesis.stream_name": streamName,
          "kinesis_connectors.application": application,
        },
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(1),
      }),
      targetValue: scaling.deliveryLagS,
      scaleInCooldown: Duration.seconds(SCALING_COOLDOWN_S),
      scaleOutCooldown: Duration.seconds(SCALING_COOLDOWN_S),
    });
}
