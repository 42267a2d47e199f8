export type { AwsClientOptions } from "../kinesis/clients/client-options.js";
export { dynamoDbLeaseTable, type DynamoDbLeaseTableOptions } from "./dynamodb-lease-table.js";
export {
  isTableName,
  type OwnLeaseTable,
  ownLeaseTable,
  type OwnLeaseTableOptions,
} from "./own-lease-table.js";
export { isTableOutage } from "./table-failures.js";
