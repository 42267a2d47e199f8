import type { Checkpointer, Position, StartPosition } from "@kinesis-connectors/core";

/** A shard without a row, for emitters whose writes may be repeated: how far it has come is known for this invocation alone. */
export function rowlessShard(): {
  readonly checkpointer: Checkpointer;
  readonly initialPosition: StartPosition;
  readonly checkpoint: () => Position | undefined;
} {
  let checkpoint: Position | undefined;
  return {
    checkpoint: () => checkpoint,
    initialPosition: { type: "trim-horizon" },
    checkpointer: {
      load: () => Promise.resolve({ checkpoint: undefined, pending: undefined }),
      // Nothing with a plan comes here: `kinesisHandler` refuses it.
      prepare: () => Promise.resolve(),
      commit: ({ sequenceNumber, subSequenceNumber }) => {
        checkpoint = { sequenceNumber, subSequenceNumber };
        return Promise.resolve();
      },
    },
  };
}
