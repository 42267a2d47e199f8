import type { LoadedConfig } from "@kinesis-connectors/config";
import { emf, type Metrics, metricsTally, openTelemetry, type Outlet } from "@kinesis-connectors/telemetry";
import { streamNameIn } from "../connection/stream-name.js";

/** The measures of a connector, and where they go. */
export interface Measured {
  readonly metrics: Metrics;
  readonly close: () => void;
}

/** Counts what a connector does, and gives it to the outlets that its file names. Lines of EMF go to standard output, where CloudWatch's agents look. */
export function measured(
  { application, options, telemetry = {} }: LoadedConfig,
  write: (line: string) => void,
): Measured {
  const { stream, streamArn } = options;
  const metrics = metricsTally({
    application,
    ...(stream === undefined ? {} : { stream }),
    ...(stream === undefined && streamArn !== undefined ? { stream: streamNameIn(streamArn) } : {}),
    ...(telemetry.perShard === undefined ? {} : { perShard: telemetry.perShard }),
  });
  const outlets: Outlet[] = [];
  if (telemetry.openTelemetry === true) outlets.push(openTelemetry(metrics));
  if (telemetry.emf !== undefined && telemetry.emf !== false) {
    const { names = "own", ...rest } = telemetry.emf === true ? {} : telemetry.emf;
    outlets.push(emf(metrics, { names, ...rest, write: (line) => write(line.trimEnd()) }));
  }
  return {
    metrics,
    close: () => {
      for (const outlet of outlets) outlet.close();
    },
  };
}
