// What is used of the module, and no more: a bundler leaves out the rest.
export { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
