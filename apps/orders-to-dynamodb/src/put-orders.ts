import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from "@aws-sdk/client-kinesis";
import type { Order } from "./orders.js";

/** PutRecords takes 500 records in one request (API reference, PutRecords). */
const MAX_RECORDS = 500;

/** Puts orders in their sequence; all versions of an order go to the same shard, because its id is the partition key. */
export async function putOrders(
  client: KinesisClient,
  stream: string,
  orders: Iterable<Order>,
): Promise<number> {
  let records: PutRecordsRequestEntry[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    if (records.length === 0) return;
    const { FailedRecordCount = 0 } = await client.send(
      new PutRecordsCommand({ StreamName: stream, Records: records }),
    );
    // Putting them again behind later versions would turn the order around. Without rates the local stream refuses nothing.
    if (FailedRecordCount > 0) throw new Error(`the stream ${stream} refused ${FailedRecordCount} records`);
    count += records.length;
    records = [];
  };
  for (const order of orders) {
    records.push({ PartitionKey: order.id, Data: Buffer.from(JSON.stringify(order)) });
    if (records.length === MAX_RECORDS) await flush();
  }
  await flush();
  return count;
}
