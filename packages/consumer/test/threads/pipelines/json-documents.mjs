import { definePipeline, json } from "@kinesis-connectors/core";

import { buffer, collecting, given } from "./collecting.mjs";

const parameters = given(import.meta.url);

// An asynchronous function, as a pipeline whose settings come from somewhere needs it.
export default async function pipeline() {
  return definePipeline({
    transformer: json(),
    emitter: collecting(parameters.get("folder")),
    buffer: buffer(parameters),
  });
}
