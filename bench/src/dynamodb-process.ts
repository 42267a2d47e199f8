import { startLocalAws } from "@kinesis-connectors/local";

// The local DynamoDB, for the leases of peers; says where it listens in one line, and ends with the one who started it.
const local = await startLocalAws({ kinesis: false, s3: false, opensearch: false });
process.stdout.write(`${JSON.stringify(local.endpoints.dynamodb)}\n`);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
