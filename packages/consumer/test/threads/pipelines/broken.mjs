import { definePipeline, text } from "@kinesis-connectors/core";

// A bad option is found out when the module is imported.
export default definePipeline({ transformer: text(), emitter: { emit: "nowhere" } });
