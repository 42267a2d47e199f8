import type { AdminOptions } from "@kinesis-connectors/admin";
import type { Resolved } from "@kinesis-connectors/core/config";
import type { EmfOptions, HealthRules, MetricsTallyOptions } from "@kinesis-connectors/telemetry";
import { expectTypeOf, it } from "vitest";
import type { AdminConfig, EmfConfig, HealthConfig, TelemetryConfig } from "../src/index.js";

it("every option of the admin server that is data is in the file, and is what the server takes", () => {
  expectTypeOf<Exclude<keyof AdminOptions, keyof AdminConfig | "logger" | "clock">>().toEqualTypeOf<never>();
  expectTypeOf<Omit<Resolved<AdminConfig>, "rules">>().toExtend<AdminOptions>();
});

it("every rule of health is in the file, but for the age that the buffer says", () => {
  expectTypeOf<Exclude<keyof HealthRules, keyof HealthConfig | "maxAgeMs">>().toEqualTypeOf<never>();
  expectTypeOf<HealthConfig>().toExtend<HealthRules>();
});

it("every option of what is measured that is data is in the file", () => {
  expectTypeOf<Exclude<keyof EmfOptions, keyof EmfConfig | "write">>().toEqualTypeOf<never>();
  expectTypeOf<
    Exclude<keyof MetricsTallyOptions, keyof TelemetryConfig | "application" | "stream" | "clock">
  >().toEqualTypeOf<never>();
});
