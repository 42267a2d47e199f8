import { type DynamoDbChange, dynamoDbChanges } from "@kinesis-connectors/aws-records";
import { definePipeline, type Pipeline } from "@kinesis-connectors/core";
import { openSearchEmitter } from "@kinesis-connectors/opensearch";
import type { Order } from "./changes.js";

/** An order, as it stands in the index. One that was removed stays and says so: were it gone, an older change that comes late would bring it back. */
export interface OrderDocument {
  readonly order: string;
  readonly revision: number | undefined;
  readonly total: number | undefined;
  readonly isRemoved: boolean;
  readonly changedUs: number;
}

/** Where the orders are. */
export interface OrderIndex {
  readonly node: string;
  readonly index: string;
}

/** Indexes orders by the time of their change, whatever comes when and how often. */
export function changesPipeline({ node, index }: OrderIndex): Pipeline<DynamoDbChange<Order>, OrderDocument> {
  return definePipeline({
    transformer: dynamoDbChanges<Order>().to((change) => ({
      order: String(change.keys.id),
      revision: change.newImage?.revision,
      total: change.newImage?.total,
      isRemoved: change.newImage === undefined,
      changedUs: change.approximateCreationTimeUs,
    })),
    buffer: { maxRecords: 1_000, maxAgeMs: 500 },
    emitter: openSearchEmitter<OrderDocument>({
      node,
      index,
      id: ({ order }) => order,
      ordering: "guarded",
      version: ({ changedUs }) => changedUs,
    }),
  });
}
