// Destinations that do not do what they should: `which` says where.
import { definePipeline, KinesisConnectorError, text } from "@kinesis-connectors/core";

import { buffer, collecting, given } from "./collecting.mjs";

const parameters = given(import.meta.url);
const which = parameters.get("which");
const collected = collecting(parameters.get("folder"));
const never = () => new Promise(() => {});

const faults = {
  open: {
    open: async (context) => {
      await collected.open(context);
      throw new KinesisConnectorError("KC_EMIT_REFUSED", "the table is missing: create it", {
        cause: Object.assign(new Error("no such table"), { name: "ResourceNotFoundException", code: "404" }),
      });
    },
  },
  "open-forever": {
    open: async (context) => {
      await collected.open(context);
      await new Promise((_resolve, reject) => {
        context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
      });
    },
  },
  "emit-forever": { emit: never },
  "emit-until-aborted": {
    emit: (_batch, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  },
  "close-forever": { close: never },
  "close-exits": { close: async () => process.exit(3) },
  "close-fails": {
    close: async () => {
      await collected.close();
      throw new Error("the spool cannot be removed");
    },
  },
  leftover: {
    open: async () => void setInterval(() => {}, 1_000),
  },
};

export default definePipeline({
  transformer: text(),
  emitter: { ...collected, ...faults[which] },
  buffer: buffer(parameters),
});
