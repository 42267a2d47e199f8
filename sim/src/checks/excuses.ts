import { KinesisConnectorError } from "@kinesis-connectors/core";
import { CallError } from "../world/call-error.js";
import type { Scenario } from "../storm/scenario.js";

/** Two records may be dealt with otherwise when a batch is made again; then its next owner is right to stop and say so. */
const UNREPEATABLE: ReadonlySet<string> = new Set(["flaky-poison", "slow"]);

/** What may end a connector in this world without being a fault of it. */
export class Excuses {
  readonly #scenario: Scenario;
  readonly #untilMs = new Map<string, number>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Something has happened that a connector is right to stop at, by this name. */
  allow(code: string, untilMs: number): void {
    this.#untilMs.set(code, Math.max(untilMs, this.#untilMs.get(code) ?? 0));
  }

  isExpected(error: Error, nowMs: number): boolean {
    if (error instanceof CallError) return true;
    if (!KinesisConnectorError.isInstance(error)) return false;
    if (nowMs <= (this.#untilMs.get(error.code) ?? -1)) return true;
    const { kinds, hasDeadLetters, emitter } = this.#scenario;
    const isUnrepeatable = kinds.some(([kind]) => UNREPEATABLE.has(kind));
    switch (error.code) {
      case "KC_READ_REFUSED":
      case "KC_STOP_DEADLINE":
        return true;
      case "KC_LEASE_TABLE":
        // A start in the middle of an outage: nothing was begun, and another process takes the place.
        return error.cause instanceof CallError;
      case "KC_RECORD_POISON":
        return !hasDeadLetters && isUnrepeatable;
      case "KC_PLACE_TAKEN":
        // The table has the rows of another owner, whose filter chose otherwise; who starts again finds the batch there, and goes on.
        return (
          (emitter === "redshift" || emitter === "iceberg") &&
          kinds.some(([kind]) => kind === "flaky-filter" || UNREPEATABLE.has(kind))
        );
      case "KC_LEASE_LOST":
        // A child that took its row later than the one that its shard went to: its daemon is started again, and that one as well.
        // And an invocation that was given up, whose records another has.
        return this.#scenario.driver !== undefined;
      case "KC_REPLAY_DIFFERS":
        return isUnrepeatable;
      default:
        return false;
    }
  }
}
