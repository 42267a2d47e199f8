import type { DeadLetterEmitter, Pipeline } from "@kinesis-connectors/core";

/**
 * The pipeline for dead letters that come again: what fails once more stays where it is, and is counted. It would be a second dead letter of the same record
 * otherwise.
 */
export function leavingDeadLetters<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
): Pipeline<Model, Output, Plan> {
  return { ...pipeline, deadLetters: stays, onPoison: "dead-letter" };
}

/** They are in the objects that they were read from. */
const stays: DeadLetterEmitter<undefined> = {
  capabilities: { duplicates: "none", ordering: "none" },
  emit: () => Promise.resolve({ failed: [] }),
};
