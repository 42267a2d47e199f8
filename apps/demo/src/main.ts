import { runApp } from "@kinesis-connectors/app-seed-stream";
import { runDemo } from "./demo.js";
import { readOptions, USAGE } from "./options.js";

await runApp("demo", async () => {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { result, text } = await runDemo(options);
  process.stdout.write(text);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.lost === 0 && result.duplicated === 0 ? 0 : 1;
});
