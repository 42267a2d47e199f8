import {
  asError,
  checkOptions,
  errorFields,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  type Timer,
  wholeNumber,
} from "@kinesis-connectors/core";

import type { Outlet } from "../outlet.js";
import type { Metrics } from "../metrics-tally.js";
import { KclNames } from "./kcl-names.js";
import { emfText } from "./line.js";
import { OwnNames } from "./own-names.js";

/** Options of `emf`. */
export interface EmfOptions {
  /**
   * `kcl`: the names, units and dimensions of the Java KCL, so that its dashboards and alarms go on after a migration. `own`: those of `METRICS`, with their attributes as
   * dimensions.
   */
  readonly names: "kcl" | "own";
  /** The CloudWatch namespace. Default: the application's name with `kcl`, as the KCL does; `KinesisConnectors` with `own`. */
  readonly namespace?: string;
  /** How often lines are written, in milliseconds. Default 60,000: CloudWatch keeps one value per minute of standard resolution. */
  readonly periodMs?: number;
  /** Takes lines, each with its line feed. Default: standard output. */
  readonly write?: (lines: string) => void;
}

const NAMES: OptionNames<EmfOptions> = { names: "required", namespace: true, periodMs: true, write: true };

/**
 * Writes metrics as lines of CloudWatch's embedded metric format: Lambda, the agents of ECS, EKS and EC2 turn them into metrics, and this process needs no
 * permission. The first period begins with the start of the connector or its first event of a shard, the last line comes when it stops, or by `close`.
 *
 * @example
 * ```ts
 * const outlet = emf(metrics, { names: "kcl" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function emf(metrics: Metrics, options: EmfOptions): Outlet {
  checkOptions("emf", options, NAMES);
  const { names, write = (lines) => void process.stdout.write(lines) } = options;
  if (names !== "kcl" && names !== "own") throw invalidOption(`names must be "kcl" or "own"`);
  const namespace = nonEmptyText(
    "namespace",
    options.namespace ?? (names === "kcl" ? metrics.application : "KinesisConnectors"),
  );
  const periodMs = wholeNumber("periodMs", options.periodMs ?? 60_000, { min: 1000 });
  if (typeof write !== "function") throw invalidOption("write must be a function");
  const { clock } = metrics;
  const period = names === "kcl" ? new KclNames(metrics, namespace) : new OwnNames(metrics, namespace);
  let timer: Timer | undefined;
  let hasWarned = false;
  const writePeriod = (): void => {
    try {
      write(period.lines(clock.now()).map(emfText).join(""));
    } catch (thrown) {
      // What writes is not ours, and metrics are no reason to stop a connector.
      if (hasWarned) return;
      hasWarned = true;
      process.emitWarning(`write of emf() threw ${errorFields(asError(thrown)).error}; metrics were lost`);
    }
  };
  const start = (): void => {
    timer = clock.setTimer(periodMs, () => {
      start();
      writePeriod();
    });
  };
  const stop = (): void => {
    if (timer === undefined) return;
    timer.cancel();
    timer = undefined;
    writePeriod();
  };
  const stopListening = metrics.listen((event, nowMs) => {
    period.event(event, nowMs);
    if (event.type === "connector-stop") stop();
    // A start that fails may have told something, of no shard, and tells no stop: a timer would keep its process.
    else if (timer === undefined && (event.type === "connector-start" || "shardId" in event)) start();
  });
  return {
    close: () => {
      stopListening();
      stop();
    },
  };
}
