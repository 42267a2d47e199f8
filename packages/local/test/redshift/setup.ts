import {
  BatchExecuteStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
  type DescribeStatementResponse,
  type ExecuteStatementCommandInput,
  type BatchExecuteStatementCommandInput,
  type Field,
} from "@aws-sdk/client-redshift-data";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startLocalAws, type LocalAws, type LocalAwsOptions } from "../../src/index.js";

/** A role that COPY names. */
export const ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/loader'";

/** A local AWS with Redshift and clients with default settings but for the address. */
export interface RunningRedshift {
  readonly local: LocalAws;
  readonly client: RedshiftDataClient;
  /** Runs one statement to its end. */
  readonly run: (
    Sql: string,
    more?: Partial<ExecuteStatementCommandInput>,
  ) => Promise<DescribeStatementResponse>;
  /** Runs a batch to its end. */
  readonly batch: (
    Sqls: string[],
    more?: Partial<BatchExecuteStatementCommandInput>,
  ) => Promise<DescribeStatementResponse>;
  /** Waits for the end of a statement. */
  readonly ended: (Id: string | undefined) => Promise<DescribeStatementResponse>;
  /** The rows of a query; throws the statement's error. */
  readonly rows: (Sql: string, more?: Partial<ExecuteStatementCommandInput>) => Promise<unknown[][]>;
  readonly put: (Key: string, Body: string | Buffer) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startRedshift(options: LocalAwsOptions = {}): Promise<RunningRedshift> {
  const local = await startLocalAws({
    kinesis: false,
    dynamodb: false,
    opensearch: false,
    s3: { buckets: ["loads"] },
    redshift: {},
    ...options,
  });
  const client = new RedshiftDataClient(local.clientOptions("redshift"));
  const s3 = new S3Client(local.clientOptions("s3"));
  const target = { WorkgroupName: "analytics", Database: "dev" };
  const ended = async (Id: string | undefined): Promise<DescribeStatementResponse> => {
    for (;;) {
      const answer = await client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 1 }));
      if (answer.Status === "FINISHED" || answer.Status === "FAILED" || answer.Status === "ABORTED")
        return answer;
    }
  };
  const run: RunningRedshift["run"] = async (Sql, more = {}) => {
    const { Id } = await client.send(new ExecuteStatementCommand({ ...target, Sql, ...more }));
    return ended(Id);
  };
  return {
    local,
    client,
    run,
    batch: async (Sqls, more = {}) => {
      const { Id } = await client.send(new BatchExecuteStatementCommand({ ...target, Sqls, ...more }));
      return ended(Id);
    },
    ended,
    rows: async (Sql, more) => {
      const { Id, Status, Error: text } = await run(Sql, more);
      if (Status !== "FINISHED") throw new Error(text);
      const { Records = [] } = await client.send(new GetStatementResultCommand({ Id }));
      return Records.map((row) => row.map(valueOf));
    },
    put: async (Key, Body) => {
      await s3.send(new PutObjectCommand({ Bucket: "loads", Key, Body }));
    },
    stop: async () => {
      client.destroy();
      s3.destroy();
      await local.close();
    },
  };
}

function valueOf(field: Field): unknown {
  return field.isNull === true ? null : Object.values(field)[0];
}
