// A process with a connector on threads and nothing else. The first argument is its options as JSON, the second `stop`: at once, or `wait`:
// until it ends by itself or is told to stop. Tells what ended it.
import { startConnector } from "@kinesis-connectors/consumer";

const [, , options, task] = process.argv;
const run = async () => {
  const connector = await startConnector(JSON.parse(options));
  process.once("message", () => void connector.stop());
  if (task === "stop") await connector.stop();
  await connector.done;
};
const failure = await run().catch((error) => error);
const { code, message, cause } = failure ?? {};
process.send({ code, message, causeCode: cause?.code });
process.disconnect();
