// Puts documents with the ids 0, 1, ... into the stream: node put.mjs COUNT
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";

const count = Number(process.argv[2]);
const { FailedRecordCount } = await new KinesisClient({}).send(
  new PutRecordsCommand({
    StreamName: "clicks",
    Records: Array.from({ length: count }, (_, id) => ({
      PartitionKey: `user-${id % 50}`,
      Data: Buffer.from(JSON.stringify({ id })),
    })),
  }),
);
if (FailedRecordCount !== 0) throw new Error(`${FailedRecordCount} records were refused`);
