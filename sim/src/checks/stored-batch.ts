import type { Position } from "@kinesis-connectors/core";

/** What a lease row holds of a prepared batch, read here anew and not by the code under test. */
export interface StoredBatch {
  readonly first: Position;
  readonly last: Position;
  readonly plan?: StoredPlan;
  readonly deadLetterPlan?: StoredPlan;
  readonly routes?: string;
}

interface StoredPlan {
  readonly places: readonly { readonly key: string }[];
}

/** What became of a record: so many outputs, none, or a dead letter. */
export type RecordOutcome = number | "dropped" | "dead-letter";

export function storedBatchIn(state: Uint8Array | undefined): StoredBatch | undefined {
  if (state === undefined) return undefined;
  const stored: StoredBatch = JSON.parse(new TextDecoder().decode(state));
  return stored;
}

/** Where its objects go, and those of its dead letters. */
export function keysIn({ plan, deadLetterPlan }: StoredBatch): readonly string[] {
  return [...(plan?.places ?? []), ...(deadLetterPlan?.places ?? [])].map(({ key }) => key);
}

/** `12k3d1x` is twelve records kept, three dropped, one dead letter; `2k4;` two records with four outputs each. */
export function outcomesIn(coded: string): readonly RecordOutcome[] {
  const outcomes: RecordOutcome[] = [];
  for (const [, length = "0", way = "", outputs = "1"] of coded.matchAll(/(\d+)([kdx])(?:(\d+);)?/g)) {
    let outcome: RecordOutcome = Number(outputs);
    if (way === "d") outcome = "dropped";
    if (way === "x") outcome = "dead-letter";
    for (let left = Number(length); left > 0; left -= 1) outcomes.push(outcome);
  }
  return outcomes;
}
