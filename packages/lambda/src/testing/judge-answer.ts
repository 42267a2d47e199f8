/** An invocation as the service sees it. */
export type InvocationOutcome =
  | { readonly type: "answered"; readonly answer: unknown }
  /** It threw, was killed, ran past its time, or its answer was lost. */
  | { readonly type: "failed" };

/**
 * From which record of a batch on everything comes again, by its index; undefined when the batch is done (Lambda developer guide, "Handling errors with a
 * Kinesis stream source in Lambda", partial batch responses): an empty or null list is complete success; a null, empty or unknown identifier, or an answer that cannot be read, is complete
 * failure; of several identifiers the lowest counts.
 */
export function failedFrom(
  outcome: InvocationOutcome,
  sequenceNumbers: readonly string[],
  reportsFailures: boolean,
): number | undefined {
  if (outcome.type === "failed") return 0;
  if (!reportsFailures) return undefined;
  const { answer } = outcome;
  if (answer === null || answer === undefined) return undefined;
  if (typeof answer !== "object") return 0;
  const { batchItemFailures } = answer as { batchItemFailures?: unknown };
  if (batchItemFailures === null || batchItemFailures === undefined) return undefined;
  if (!Array.isArray(batchItemFailures)) return 0;
  let lowest: number | undefined;
  for (const failure of batchItemFailures as readonly unknown[]) {
    const identifier = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    const index = typeof identifier === "string" ? sequenceNumbers.indexOf(identifier) : -1;
    if (index === -1) return 0;
    lowest = Math.min(lowest ?? index, index);
  }
  return lowest;
}
