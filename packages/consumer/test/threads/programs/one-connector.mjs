// A process with a connector on threads and nothing else. The first argument is its options as JSON, the second `stop`: at once, or `wait`:
// until it ends by itself. Tells what ended it.
import { startConnector } from "@kinesis-connectors/consumer";

const [, , options, task] = process.argv;
const connector = await startConnector(JSON.parse(options));
if (task === "stop") await connector.stop();
const failure = await connector.done.catch((error) => error);
const { code, message, cause } = failure ?? {};
process.send({ code, message, causeCode: cause?.code });
process.disconnect();
