import type { PolicyDocumentJson } from "./rights-from.js";

// What other packages ship in their `iam/` folders: an app of the CDK need not install them. A test holds these to the files.

/** What a function of `kinesisHandler` calls: `iam/function-policy.json` of `@kinesis-connectors/lambda`. */
export const FUNCTION_POLICY: PolicyDocumentJson = {
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "TheRowsOfTheShards",
      Effect: "Allow",
      Action: ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      Resource: "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE",
    },
    {
      Sid: "OnlyWhereTheTableIsNotThereYet",
      Effect: "Allow",
      Action: ["dynamodb:CreateTable"],
      Resource: "arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE",
    },
    {
      Sid: "WhatAnEventDoesNotHold",
      Effect: "Allow",
      Action: ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"],
      Resource: "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM",
    },
    {
      Sid: "UnlessTheMappingIsStated",
      Effect: "Allow",
      Action: ["lambda:ListEventSourceMappings"],
      Resource: "*",
    },
  ],
};

/** What Lambda reads with the function's role: `iam/mapping-policy.json` of the same package. */
export const MAPPING_POLICY: PolicyDocumentJson = {
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "WhatTheMappingReadsWithTheFunctionsRole",
      Effect: "Allow",
      Action: [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:SubscribeToShard",
      ],
      Resource: "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM",
    },
    {
      Sid: "OnlyForEncryptedStreams",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: "arn:aws:kms:REGION:ACCOUNT:key/KEY",
    },
  ],
};

/** What a worker reads: `iam/read-policy.json` of `@kinesis-connectors/consumer`. */
export const READ_POLICY: PolicyDocumentJson = {
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "ReadTheStream",
      Effect: "Allow",
      Action: [
        "kinesis:DescribeStreamSummary",
        "kinesis:ListShards",
        "kinesis:GetShardIterator",
        "kinesis:GetRecords",
      ],
      Resource: "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM",
    },
    {
      Sid: "OnlyForEncryptedStreams",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: "arn:aws:kms:REGION:ACCOUNT:key/KEY",
    },
  ],
};

/** Its lease table: `iam/leases-policy.json`. */
export const LEASES_POLICY: PolicyDocumentJson = {
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "ShareTheShards",
      Effect: "Allow",
      Action: [
        "dynamodb:DescribeTable",
        "dynamodb:Scan",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
      ],
      Resource: "arn:aws:dynamodb:REGION:ACCOUNT:table/APPLICATION",
    },
    {
      Sid: "LookWhetherKclWorkersKeepStateThere",
      Effect: "Allow",
      Action: ["dynamodb:GetItem"],
      Resource: "arn:aws:dynamodb:REGION:ACCOUNT:table/APPLICATION-CoordinatorState",
    },
    {
      Sid: "OnlyWhereTheTableIsNotThereYet",
      Effect: "Allow",
      Action: ["dynamodb:CreateTable"],
      Resource: "arn:aws:dynamodb:REGION:ACCOUNT:table/APPLICATION",
    },
  ],
};

/** Its subscriptions: `iam/fan-out-policy.json`. */
export const FAN_OUT_POLICY: PolicyDocumentJson = {
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "FindTheConsumerOrRegisterIt",
      Effect: "Allow",
      Action: ["kinesis:DescribeStreamConsumer", "kinesis:RegisterStreamConsumer"],
      Resource: [
        "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM",
        "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM/consumer/*",
      ],
    },
    {
      Sid: "Subscribe",
      Effect: "Allow",
      Action: ["kinesis:SubscribeToShard"],
      Resource: "arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM/consumer/*",
    },
  ],
};
