// What is used of the module, and no more: a bundler leaves out the rest.
export {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  KinesisClient,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
