import {
  type Batch,
  type DeadLetter,
  type DeadLetterEmitter,
  type Emitter,
  KinesisConnectorError,
  outputCountOf,
} from "@kinesis-connectors/core";

/** Where something lands: a position and what was put there. */
export interface Landed {
  readonly position: string;
  readonly text: string;
}

/** Objects that are created once, under keys that name the range of what is in them. */
export class Bucket {
  /** Refuses a write now and then, in a way that no retry within the invocation mends. Default: never. */
  refuses: () => boolean = () => false;
  readonly objects = new Map<string, readonly Landed[]>();

  /** What has landed, object by object. */
  get landed(): readonly Landed[] {
    return [...this.objects.values()].flat();
  }

  create(key: string, lines: readonly Landed[]): void {
    if (this.refuses())
      throw new KinesisConnectorError("KC_EMIT_REFUSED", "the bucket is not to be written to now");
    const there = this.objects.get(key);
    if (there === undefined) this.objects.set(key, lines);
    else if (JSON.stringify(there) !== JSON.stringify(lines))
      throw new KinesisConnectorError("KC_PLACE_TAKEN", `${key} holds something else`);
  }
}

/** Waits as a call does that leaves the sandbox: it may never come back. */
export type Leaving = <Result>(call: () => Result) => Promise<Result>;

export interface Plan {
  readonly key: string;
}

const keyOf = (
  prefix: string,
  { shardId, first, last }: Pick<Batch<unknown>, "shardId" | "first" | "last">,
): string =>
  `${prefix}/${shardId}/${first.sequenceNumber}.${first.subSequenceNumber}-${last.sequenceNumber}.${last.subSequenceNumber}`;

/** A planned emitter: the key is stored before the first write, and the object is created once. */
export function bucketEmitter(bucket: Bucket, leaving: Leaving): Emitter<string, Plan> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    plan: (batch) => ({ key: keyOf("clicks", batch) }),
    isWritten: async (_, { plan }) => await leaving(() => bucket.objects.has(plan.key)),
    emit: async (batch, { plan }) => {
      if (outputCountOf(batch) > 0) {
        const lines = batch.entries.map(({ output, record }) => ({
          position: `${record.sequenceNumber}.${record.subSequenceNumber}`,
          text: output,
        }));
        await leaving(() => bucket.create(plan.key, lines));
      }
      return { failed: [] };
    },
  };
}

/** Dead letters as objects of the same prepared batch. */
export function bucketDeadLetters(bucket: Bucket, leaving: Leaving): DeadLetterEmitter<Plan> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    plan: (batch) => ({ key: keyOf("dead", batch) }),
    isWritten: async (_, { plan }) => await leaving(() => bucket.objects.has(plan.key)),
    emit: async ({ entries }, { plan }) => {
      const lines = entries.map(({ output }: { output: DeadLetter }) => ({
        position: `${output.sequenceNumber}.${output.subSequenceNumber}`,
        text: Buffer.from(output.data, "base64").toString(),
      }));
      await leaving(() => bucket.create(plan.key, lines));
      return { failed: [] };
    },
  };
}
