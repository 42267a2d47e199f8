import { startCannedServer } from "./servers/canned-server.js";

// Says where it listens in one line, and ends with the one who started it.
const server = await startCannedServer();
process.stdout.write(`${JSON.stringify(server.endpoints)}\n`);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
