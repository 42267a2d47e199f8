/** What is looked at of an event source mapping (Lambda API reference, EventSourceMappingConfiguration). */
export interface EventSourceMapping {
  readonly UUID?: string;
  readonly State?: string;
  readonly ParallelizationFactor?: number | null;
  readonly MaximumRecordAgeInSeconds?: number | null;
  readonly MaximumRetryAttempts?: number | null;
  readonly TumblingWindowInSeconds?: number | null;
  readonly FunctionResponseTypes?: readonly string[] | null;
  readonly DestinationConfig?: {
    readonly OnFailure?: { readonly Destination?: string | null } | null;
  } | null;
  readonly FilterCriteria?: { readonly Filters?: readonly unknown[] | null } | null;
}

/** One function and the stream, or registered consumer, that its mappings read. */
export interface MappingQuestion {
  /** The function's ARN, as the invocation says it: with the alias or version that the mapping calls. */
  readonly functionArn: string;
  readonly eventSourceArn: string;
  readonly signal: AbortSignal;
}

/**
 * Lists the mappings from a stream to a function. Resolves with undefined where the function has no right to look
 * (`lambda:ListEventSourceMappings`); rejects where that could not be asked.
 */
export type ListMappings = (question: MappingQuestion) => Promise<readonly EventSourceMapping[] | undefined>;
