import type { Checkpointer } from "@kinesis-connectors/core";

import type { Questions } from "./questions.js";

/** The checkpointer of a run whose lease is held in the main thread: every step is asked for there. */
export function distantCheckpointer(questions: Pick<Questions, "ask">, run: number): Checkpointer {
  return {
    load: () => questions.ask({ ask: "load", run }),
    prepare: (batch) => questions.ask({ ask: "prepare", run, batch }),
    // Callers may pass a whole record as its position; only the position travels.
    commit: ({ sequenceNumber, subSequenceNumber }) =>
      questions.ask({ ask: "commit", run, checkpoint: { sequenceNumber, subSequenceNumber } }),
    requireHeld: () => questions.ask({ ask: "held", run }),
  };
}
