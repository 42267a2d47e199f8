import { seededNumbers } from "@kinesis-connectors/app-sample";
import { decodeWith, type DecodingTransformer, KinesisConnectorError } from "@kinesis-connectors/core";

/** One reading. A record carries many. */
export interface Reading {
  readonly sensor: string;
  readonly number: number;
  readonly celsius: number;
}

/** One record is a JSON array of readings, and each reading is a model: filtered, buffered and written by itself. */
export function readingsOfRecord(): DecodingTransformer<Reading> {
  return decodeWith((record) => {
    const readings = parsed(record.data);
    if (!Array.isArray(readings) || !readings.every(isReading))
      throw new KinesisConnectorError("KC_RECORD_POISON", "the record is not an array of readings");
    return readings;
  });
}

/** Generates records of 1 to `perRecord` readings each, `readings` in all; the same seed gives the same. */
export function* batchedReadings(
  readings: number,
  perRecord: number,
  seed: number,
): Generator<{ readonly partitionKey: string; readonly readings: readonly Reading[] }, void> {
  const next = seededNumbers(seed);
  for (let number = 0; number < readings;) {
    const sensor = `sensor-${Math.floor(next() * 100)}`;
    const count = Math.min(readings - number, 1 + Math.floor(next() * perRecord));
    const batch = Array.from({ length: count }, (_, index) => ({
      sensor,
      number: number + index,
      celsius: Math.round(next() * 500 - 100) / 10,
    }));
    yield { partitionKey: sensor, readings: batch };
    number += count;
  }
}

function parsed(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"));
  } catch {
    // V8 quotes the document in its message, which must not reach a log.
    throw new KinesisConnectorError("KC_RECORD_POISON", `the record's ${data.length} bytes are not JSON`);
  }
}

function isReading(value: unknown): value is Reading {
  return (
    typeof value === "object" &&
    value !== null &&
    "sensor" in value &&
    typeof value.sensor === "string" &&
    "number" in value &&
    typeof value.number === "number" &&
    "celsius" in value &&
    typeof value.celsius === "number"
  );
}
