/** A metric of the KCL. */
export interface KclMetric {
  readonly operation: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: readonly string[];
}

/**
 * Metrics of the Java KCL, as its sources publish them: the same in 2.7.2 and 3.5.1 (`ProcessTask.java`, `DynamoDBLeaseRenewer.java`, `DynamoDBLeaseTaker.java`;
 * the keys of dimensions are those of `MetricsUtil.java`). The application's own is `ApplicationTracker`, without a shard.
 */
export const KCL_METRICS: readonly KclMetric[] = [
  { name: "RecordsProcessed", unit: "Count", operation: "ProcessTask", dimensions: ["Operation", "ShardId"] },
  {
    name: "DataBytesProcessed",
    unit: "Bytes",
    operation: "ProcessTask",
    dimensions: ["Operation", "ShardId"],
  },
  {
    name: "MillisBehindLatest",
    unit: "Milliseconds",
    operation: "ProcessTask",
    dimensions: ["Operation", "ShardId"],
  },
  {
    name: "RecordProcessor.processRecords.Time",
    unit: "Milliseconds",
    operation: "ProcessTask",
    dimensions: ["Operation", "ShardId"],
  },
  {
    name: "MillisBehindLatest",
    unit: "Milliseconds",
    operation: "ApplicationTracker",
    dimensions: ["Operation"],
  },
  {
    name: "CurrentLeases",
    unit: "Count",
    operation: "RenewAllLeases",
    dimensions: ["Operation", "WorkerIdentifier"],
  },
  {
    name: "LostLeases",
    unit: "Count",
    operation: "RenewAllLeases",
    dimensions: ["Operation", "WorkerIdentifier"],
  },
  {
    name: "TakenLeases",
    unit: "Count",
    operation: "TakeLeases",
    dimensions: ["Operation", "WorkerIdentifier"],
  },
  {
    name: "ExpiredLeases",
    unit: "Count",
    operation: "TakeLeases",
    dimensions: ["Operation", "WorkerIdentifier"],
  },
  {
    name: "NumWorkers",
    unit: "Count",
    operation: "TakeLeases",
    dimensions: ["Operation", "WorkerIdentifier"],
  },
];
