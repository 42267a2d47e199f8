import type { ArchiveOptions } from "@kinesis-connectors/app-archive-to-s3";
import type { SeenProgress } from "@kinesis-connectors/app-sample";
import type { ConnectorOptions } from "@kinesis-connectors/consumer";

/** What the connector is started with: data alone, for it goes into another process. */
export interface ConnectorJob {
  readonly options: Pick<
    ConnectorOptions<unknown, unknown>,
    "application" | "stream" | "region" | "credentials" | "endpoints"
  >;
  readonly archive: Omit<ArchiveOptions, "logger">;
  readonly threads: number | undefined;
}

/** What a connector cost its process, in seconds of CPU. */
export interface ConnectorCpu {
  /** Until it was started: Node, what is imported, the first requests. */
  readonly startCpuSeconds: number;
  /** From then on. */
  readonly cpuSeconds: number;
}

/** What the process says. */
export type ConnectorSays =
  | { readonly progress: SeenProgress }
  | { readonly ended: ConnectorCpu }
  | { readonly failed: string };
