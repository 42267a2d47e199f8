import { startLocalAws } from "@kinesis-connectors/local";

// The local S3 with one bucket; says where it listens in one line, and ends with the one who started it.
const local = await startLocalAws({ kinesis: false, dynamodb: false, opensearch: false });
local.s3.createBucket("bench");
process.stdout.write(`${JSON.stringify(local.endpoints.s3)}\n`);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
