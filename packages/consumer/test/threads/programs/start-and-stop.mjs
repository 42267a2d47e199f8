// A process that starts a connector on threads and stops it, and then has nothing left to do. Options: the first argument, as JSON.
import { startConnector } from "@kinesis-connectors/consumer";

const connector = await startConnector(JSON.parse(process.argv[2]));
await connector.stop();
await connector.done;
process.disconnect();
