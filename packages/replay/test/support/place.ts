import {
  definePipeline,
  type Emitter,
  type Pipeline,
  type ReplayedStream,
  text,
} from "@kinesis-connectors/core";

type Plan = { readonly key: string };

/** A destination of objects that are created once, under keys that name what is in them, as on S3. */
export class Place {
  readonly objects = new Map<string, readonly string[]>();
  /** What the emitter was asked about, and what it says. */
  readonly asked: ReplayedStream[] = [];
  found: string | undefined;

  /** All that landed, in the order in which it was created. */
  get landed(): readonly string[] {
    return [...this.objects.values()].flat();
  }

  emitter(step: () => Promise<void> = () => Promise.resolve()): Emitter<string, Plan> {
    return {
      capabilities: { duplicates: "none", ordering: "shard" },
      plan: ({ application, shardId, first, last }) => ({
        key: `${application}/${shardId}/${first.sequenceNumber}.${first.subSequenceNumber}-${last.sequenceNumber}.${last.subSequenceNumber}`,
      }),
      isWritten: async (_batch, { plan }) => {
        await step();
        return this.objects.has(plan.key);
      },
      emit: async ({ entries }, { plan }) => {
        await step();
        const outputs = entries.map(({ output }) => output);
        const before = this.objects.get(plan.key);
        if (before === undefined) this.objects.set(plan.key, outputs);
        else if (before.join() !== outputs.join()) throw new Error(`${plan.key} holds other records already`);
        await step();
        return { failed: [] };
      },
      wouldDouble: (again) => {
        this.asked.push(again);
        return Promise.resolve(this.found);
      },
    };
  }

  pipeline(
    maxRecords = 10,
    step?: () => Promise<void>,
    filter?: (line: string) => boolean,
  ): Pipeline<string, string, Plan> {
    return definePipeline({
      transformer: text(),
      ...(filter === undefined ? {} : { filter }),
      buffer: { maxRecords, maxAgeMs: 5_000 },
      emitter: this.emitter(step),
    });
  }
}
