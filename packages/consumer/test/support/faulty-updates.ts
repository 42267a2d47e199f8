import type { LocalAws } from "@kinesis-connectors/local";

/** From now on a part of the updates of rows loses its answer, its connection, or is throttled. */
export function spoilUpdates({ faults }: LocalAws): void {
  for (const rule of [
    { id: "lost", probability: 0.1, effect: { kind: "reply-lost" } },
    { id: "cut", probability: 0.05, effect: { kind: "reset", at: "before-headers" } },
    {
      id: "throttled",
      probability: 0.1,
      effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
    },
  ] as const)
    faults.add({ server: "dynamodb", operation: "UpdateItem", times: "always", ...rule });
}
