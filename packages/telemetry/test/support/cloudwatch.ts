/** A metric of a line, as CloudWatch takes it. */
export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestampMs: number;
}

interface Document {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

/** Reads lines as the specification of the embedded metric format says, limits included. */
export function dataOf(lines: string): readonly Datum[] {
  if (lines !== "" && !lines.endsWith("\n")) throw new Error("the last line has no line feed");
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      if (Buffer.byteLength(line) > 1024 * 1024) throw new Error("a line is longer than 1 MiB");
      const document = JSON.parse(line) as Document;
      return document._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) => {
        if (Metrics.length > 100) throw new Error("more than 100 metrics in a line");
        return Dimensions.flatMap((keys) => {
          if (keys.length > 30) throw new Error("more than 30 dimensions");
          const dimensions = Object.fromEntries(
            keys.map((key) => {
              const value = document[key];
              if (typeof value !== "string" || value === "" || value.length > 1024)
                throw new Error(`the dimension ${key} is no text`);
              return [key, value];
            }),
          );
          return Metrics.map(({ Name, Unit }): Datum => {
            const target = document[Name];
            const values: unknown[] = Array.isArray(target) ? target : [target];
            if (
              values.length === 0 ||
              values.length > 100 ||
              values.some((value) => typeof value !== "number")
            )
              throw new Error(`${Name} has no numbers`);
            const timestampMs = document._aws.Timestamp;
            if (!Number.isSafeInteger(timestampMs)) throw new Error("the time is no whole number");
            return {
              namespace: Namespace,
              name: Name,
              unit: Unit,
              dimensions,
              values: values as number[],
              timestampMs,
            };
          });
        });
      });
    });
}

/** An alarm, as CloudWatch keeps it. */
export interface Alarm {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly Statistic: "Maximum" | "Average" | "Sum";
  readonly Threshold: number;
  readonly ComparisonOperator:
    | "GreaterThanThreshold"
    | "GreaterThanOrEqualToThreshold"
    | "LessThanOrEqualToThreshold";
}

/** Whether the values of one period put an alarm into the state ALARM. A metric is its namespace, name and exactly these dimensions. */
export function inAlarm(alarm: Alarm, data: readonly Datum[]): boolean {
  const wanted = Object.fromEntries(alarm.Dimensions.map(({ Name, Value }) => [Name, Value]));
  const values = data
    .filter(
      ({ namespace, name, dimensions }) =>
        namespace === alarm.Namespace &&
        name === alarm.MetricName &&
        Object.keys(dimensions).length === alarm.Dimensions.length &&
        Object.entries(dimensions).every(([key, value]) => wanted[key] === value),
    )
    .flatMap((datum) => datum.values);
  if (values.length === 0) throw new Error(`there is no metric for this alarm on ${alarm.MetricName}`);
  const sum = values.reduce((all, value) => all + value, 0);
  const statistic = { Maximum: Math.max(...values), Average: sum / values.length, Sum: sum }[alarm.Statistic];
  return {
    GreaterThanThreshold: statistic > alarm.Threshold,
    GreaterThanOrEqualToThreshold: statistic >= alarm.Threshold,
    LessThanOrEqualToThreshold: statistic <= alarm.Threshold,
  }[alarm.ComparisonOperator];
}
