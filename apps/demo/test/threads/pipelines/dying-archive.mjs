// The archive, in a thread that dies at its first object: before it is written, or between the write and the commit.
import { archivePipeline } from "@kinesis-connectors/app-archive-to-s3";

const parameters = new URL(import.meta.url).searchParams;
const pipeline = archivePipeline(JSON.parse(parameters.get("options")));
const { emitter } = pipeline;

export default {
  ...pipeline,
  emitter: {
    ...emitter,
    emit: async (batch, context) => {
      if (parameters.get("dies") === "before") process.exit(1);
      const result = await emitter.emit(batch, context);
      if (parameters.get("dies") === "after") process.exit(1);
      return result;
    },
  },
};
