import type { ConnectorOptions } from "@kinesis-connectors/consumer";
import type { PipelineOptions } from "@kinesis-connectors/core";
import { expectTypeOf, it } from "vitest";
import type { ConnectorFile, SourceConfig } from "../src/index.js";

/** Options of `startConnector` that only a program can give: parts of its own, and what the CLI gives by itself. */
type CodeOnly =
  | "clients"
  | "kinesisApi"
  | "logger"
  | "signal"
  | "clock"
  | "random"
  | "observe"
  | "measureCpu";

/** What became of `pipeline`. */
type InPipeline = "pipeline";

type Forgotten<File, Source> = Exclude<
  keyof ConnectorOptions<unknown, unknown>,
  keyof File | keyof Source | CodeOnly | InPipeline
>;

it("every option of a connector that is data is in the file", () => {
  expectTypeOf<Forgotten<ConnectorFile, SourceConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Omit<ConnectorFile, "leases">, SourceConfig>>().toEqualTypeOf<"leases">();
});

it("every part of a pipeline is in the file, under its own name but for the transformer", () => {
  type Parts = keyof PipelineOptions<unknown, unknown, unknown, unknown>;
  expectTypeOf<Exclude<Parts, keyof ConnectorFile | "logger">>().toEqualTypeOf<"transformer">();
});
