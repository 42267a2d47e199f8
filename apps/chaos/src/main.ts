import { runApp } from "@kinesis-connectors/app-seed-stream";
import { runChaos } from "./chaos.js";
import { readOptions, USAGE } from "./options.js";

await runApp("chaos", async () => {
  const options = readOptions();
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const result = await runChaos(options);
  for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.lost === 0 && result.duplicated === 0 && result.outOfOrder === 0 && result.leaseOverlaps === 0
    ? 0
    : 1;
});
