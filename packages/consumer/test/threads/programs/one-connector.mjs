// A process with a connector and nothing else. The first argument is its options as JSON, dates as text, the second `stop`: at once, or `wait`:
// until it ends by itself or is told to stop. Tells what ended it.
import { startConnector } from "@kinesis-connectors/consumer";

const [, , options, task] = process.argv;
const run = async () => {
  const { until, ...given } = JSON.parse(options);
  const connector = await startConnector({
    ...given,
    ...(until === undefined ? {} : { until: { at: new Date(until.at) } }),
  });
  process.once("message", () => void connector.stop());
  if (task === "stop") await connector.stop();
  await connector.done;
};
const failure = await run().catch((error) => error);
const { code, message, cause } = failure ?? {};
process.send({ code, message, causeCode: cause?.code });
process.disconnect();
