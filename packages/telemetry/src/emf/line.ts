/** Units that CloudWatch has, of those that are needed here. */
export type EmfUnit = "Count" | "Bytes" | "Milliseconds" | "Seconds" | "None";

/** A metric of a line. An array holds values of one period; CloudWatch takes up to 100 in one (embedded metric format, "Target members"). */
export interface EmfMetric {
  readonly name: string;
  readonly unit: EmfUnit;
  readonly value: number | readonly number[];
}

/** The most values of one metric in one line. */
export const MAX_VALUES = 100;

/** What a line says: the metrics of one set of dimensions. */
export interface EmfLine {
  readonly namespace: string;
  readonly timestampMs: number;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: readonly EmfMetric[];
}

/** A line of CloudWatch's embedded metric format, with its line feed: the agents of ECS, Lambda and EC2 make metrics of it without any permission of ours. */
export function emfText({ namespace, timestampMs, dimensions, metrics }: EmfLine): string {
  const document: Record<string, unknown> = {
    _aws: {
      Timestamp: Math.floor(timestampMs),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [Object.keys(dimensions)],
          Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
        },
      ],
    },
    ...dimensions,
  };
  for (const { name, value } of metrics) document[name] = value;
  return `${JSON.stringify(document)}\n`;
}
