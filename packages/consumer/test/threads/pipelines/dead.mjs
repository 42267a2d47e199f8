// A destination that takes nothing, in a pipeline without a logger of its own; its code may have a mistake as well.
import { definePipeline, text } from "@kinesis-connectors/core";

import { buffer, collecting, given } from "./collecting.mjs";

const parameters = given(import.meta.url);
const mistake = () => {
  throw new TypeError("Cannot read properties of undefined (reading 'id')");
};
const refusal = () => Promise.reject(Object.assign(new Error("PAYLOAD"), { code: "ECONNREFUSED" }));

export default definePipeline({
  transformer: text(),
  emitter: {
    ...collecting(parameters.get("folder")),
    emit: parameters.get("which") === "mistake" ? mistake : refusal,
  },
  buffer: buffer(parameters),
  retry: { baseDelayMs: 5, maxDelayMs: 20 },
});
