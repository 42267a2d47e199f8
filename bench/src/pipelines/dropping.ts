import type { Transformer } from "@kinesis-connectors/core";
import type { Meter } from "../rows/meter.js";

/** Looks at each record and keeps none. */
export function dropping(meter: Meter): Transformer<Uint8Array, Uint8Array> {
  return {
    toModel: (record) => {
      meter.touch(record.data);
      return undefined;
    },
    fromModel: (model) => model,
  };
}
