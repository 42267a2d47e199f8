// What is used of the module, and no more: a bundler leaves out the rest.
export {
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
} from "@aws-sdk/client-firehose";
