import { definePipeline, text } from "@kinesis-connectors/core";

import { buffer, collecting, given, tell } from "./collecting.mjs";

const parameters = given(import.meta.url);
const folder = parameters.get("folder");
const write = (fields, message) => tell(folder, "log", { message, ...fields });

export default definePipeline({
  transformer: text(),
  emitter: collecting(folder),
  buffer: buffer(parameters),
  logger: { debug: write, info: write, warn: write, error: write },
});
