export { cloudWatchLogs, type LogEvent } from "./cloudwatch-logs.js";
export { dmsChanges, type DmsChange, type DmsChangesOptions, type DmsControl } from "./dms-changes.js";
export { dsqlChanges, type DsqlChange } from "./dsql-changes.js";
export { dynamoDbChanges, type DynamoDbChange, type DynamoDbChangesOptions } from "./dynamodb-changes.js";
