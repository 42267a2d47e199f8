import { asError, KinesisConnectorError } from "@kinesis-connectors/core";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The API of OpenTelemetry, as this package uses it. */
export type OpenTelemetryApi = typeof import("@opentelemetry/api");

/** Put together so that bundlers leave it alone: it is optional, and many have it not. */
const API = ["@opentelemetry", "api"].join("/");

/**
 * Loads the API of OpenTelemetry, which is installed by whoever uses it. Copies of it share what is registered (`Symbol.for` on `globalThis`), so it is no matter
 * which one is found.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when it is not installed
 */
export function loadApi(caller: string): OpenTelemetryApi {
  try {
    return createRequire(here())(API) as OpenTelemetryApi;
  } catch (error) {
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `${caller} needs the package ${API}, version 1.9 or newer, which is not installed: npm install ${API}, or leave ${caller} out`,
      { cause: asError(error) },
    );
  }
}

/** A bundle in CommonJS knows no `import.meta.url`: then it is looked for from the working directory. */
function here(): string {
  const url: string | undefined = import.meta.url;
  return url === undefined || url === "" ? join(process.cwd(), "index.js") : url;
}
