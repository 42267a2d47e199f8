import type { ConnectorOptions } from "@kinesis-connectors/consumer";
import { invalidOption, momentOfText } from "@kinesis-connectors/core";
import type { Resolved } from "@kinesis-connectors/core/config";
import type { SourceConfig } from "../file/source-config.js";

type SourceOptions = Pick<ConnectorOptions<unknown, unknown>, keyof SourceConfig>;

/**
 * The options of reading that a file describes.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function sourceOptions(config: Resolved<SourceConfig>): Promise<SourceOptions> {
  const { initialPosition, until, retrieval, ...options } = config;
  return {
    ...options,
    ...(initialPosition === undefined
      ? {}
      : {
          initialPosition:
            typeof initialPosition === "string"
              ? initialPosition
              : { at: momentOf("initialPosition.at", initialPosition.at) },
        }),
    ...(until === undefined ? {} : { until: { at: momentOf("until.at", until.at) } }),
    ...(retrieval === undefined ? {} : { retrieval: await retrievalOf(retrieval) }),
  };
}

async function retrievalOf(
  config: NonNullable<Resolved<SourceConfig>["retrieval"]>,
): Promise<NonNullable<SourceOptions["retrieval"]>> {
  // Loaded here, so that what only looks at a file does without AWS's clients.
  const { fanOut, polling } = await import("@kinesis-connectors/consumer");
  if (config.type === "polling") {
    const { type: _type, ...options } = config;
    return polling(options);
  }
  const { type: _type, ...options } = config;
  return fanOut(options);
}

/** @throws KinesisConnectorError `KC_OPTION_INVALID` */
function momentOf(option: string, text: string): Date {
  const ms = momentOfText(text);
  if (ms === undefined)
    throw invalidOption(`${option} must be a moment with its zone, such as 2026-11-29T03:00:00Z`);
  return new Date(ms);
}
