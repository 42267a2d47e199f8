// Records that do to their thread what they say.
import { definePipeline, text } from "@kinesis-connectors/core";

import { buffer, collecting, given } from "./collecting.mjs";

const parameters = given(import.meta.url);

function act(word) {
  switch (word) {
    case "exit":
      process.exit(7);
      break;
    case "throw":
      setImmediate(() => {
        throw new TypeError("nobody catches this");
      });
      break;
    case "reject":
      void Promise.reject(new RangeError("nobody catches this either"));
      break;
    case "eat":
      for (const kept = []; ;) kept.push(Array.from({ length: 1_000 }, () => kept.length));
    case "spin": {
      // As long as a heavy transform may take in a bad moment.
      const untilMs = performance.now() + Number(parameters.get("spinMs"));
      while (performance.now() < untilMs);
      break;
    }
    default:
  }
}

export default definePipeline({
  transformer: text(),
  filter: (word) => {
    act(word);
    return true;
  },
  emitter: collecting(parameters.get("folder")),
  buffer: buffer(parameters),
});
