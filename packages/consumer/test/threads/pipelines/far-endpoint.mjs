// Leads the thread's own clients elsewhere: the environment of a thread is its own.
import { definePipeline, text } from "@kinesis-connectors/core";

import { buffer, collecting, given } from "./collecting.mjs";

const parameters = given(import.meta.url);
process.env.AWS_ENDPOINT_URL_KINESIS = parameters.get("endpoint");

export default definePipeline({
  transformer: text(),
  emitter: collecting(parameters.get("folder")),
  buffer: buffer(parameters),
});
