import { readFileSync } from "node:fs";
import { CreateTableCommand, DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ledgerSchema, tableSchema } from "@kinesis-connectors/redshift";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromProperties } from "../src/index.js";
import { loadWith } from "../src/load-config.js";
import { fileOf, fromSources } from "./support/load.js";

const USERS = 150;

interface User {
  readonly id: string;
  readonly name: string;
  readonly age: string;
}

const users: readonly User[] = Array.from({ length: USERS }, (_, index) => ({
  id: `user-${String(index).padStart(4, "0")}`,
  name: `Name ${index}`,
  age: String(20 + (index % 50)),
}));

const COLUMNS = ["id", "name", "age"];

/** A sample with the addresses of this run in it, as its owner would change it. */
function sample(name: string, aws: LocalAws): string {
  const text = readFileSync(new URL(`properties/${name}.properties`, import.meta.url), "utf8");
  const addresses: Readonly<Record<string, () => string>> = {
    kinesis: () => aws.endpoints.kinesis,
    s3: () => aws.endpoints.s3,
    dynamodb: () => aws.endpoints.dynamodb,
    redshift: () => aws.endpoints.redshift,
    opensearchHost: () => new URL(aws.endpoints.opensearch).hostname,
    opensearchPort: () => new URL(aws.endpoints.opensearch).port,
  };
  return text.replaceAll(/\$\{(\w+)\}/g, (_, key: string) => addresses[key]?.() ?? "");
}

/** Turns a sample into files, and runs what they say until everything has been delivered. */
async function deliver(
  name: string,
  aws: LocalAws,
  delivered: () => Promise<readonly unknown[]>,
  columns?: readonly string[],
): Promise<{ readonly yaml: readonly string[]; readonly notes: readonly string[] }> {
  for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
  aws.kinesis.createStream({ name: "users", shardCount: 2 });
  aws.kinesis.putRecords(
    "users",
    users.map((user) => ({ partitionKey: user.id, data: JSON.stringify(user) })),
  );
  const { files, notes } = fromProperties(sample(name, aws), columns === undefined ? {} : { columns });
  const connectors: Connector[] = [];
  try {
    for (const { yaml } of files) {
      const { options } = await loadWith(fileOf(yaml), { env: {} }, fromSources);
      connectors.push(await startConnector(options));
    }
    let early: unknown;
    for (const { done } of connectors)
      done.then(
        () => (early ??= new Error("a connector ended too early")),
        (error: unknown) => (early = error),
      );
    await expect
      .poll(async () => (early === undefined ? (await delivered()).length : early), { interval: 200 })
      .toSatisfy((found) => found === early || (typeof found === "number" && found >= USERS));
    expect(early).toBeUndefined();
  } finally {
    for (const connector of connectors) await connector.stop();
  }
  return { yaml: files.map(({ yaml }) => yaml), notes };
}

/** In the order in which they were put. */
function sorted(found: readonly unknown[]): readonly unknown[] {
  return found.toSorted((one, other) => ((one as User).id < (other as User).id ? -1 : 1));
}

afterEach(() => {
  vi.unstubAllEnvs();
});

async function objectsOf(aws: LocalAws, bucket: string): Promise<readonly User[]> {
  const client = new S3Client(aws.clientOptions("s3"));
  const found: User[] = [];
  for (const { key } of aws.s3.objects(bucket)) {
    if (!key.endsWith(".ndjson")) continue;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const text = (await Body?.transformToString()) ?? "";
    found.push(
      ...text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as User),
    );
  }
  client.destroy();
  return found;
}

async function redshiftWith(bucket: string): Promise<LocalAws> {
  const aws = await startLocalAws({ limits: "off", s3: { buckets: [bucket] }, redshift: {} });
  const columns = COLUMNS.map((name) => ({ name, type: "VARCHAR(40)" }));
  await aws.redshift.query(tableSchema({ table: "users", columns }));
  return aws;
}

describe("the samples of the Java connectors, as files, deliver the same records", () => {
  it("S3", async () => {
    await using aws = await startLocalAws({ limits: "off", s3: { buckets: ["users-archive"] } });
    const { yaml, notes } = await deliver("s3", aws, () => objectsOf(aws, "users-archive"));
    expect(sorted(await objectsOf(aws, "users-archive"))).toEqual(users);
    expect(yaml[0]).toContain("maxAgeMs: 2000");
    expect(yaml[0]).toContain("failoverTimeMs: 30000");
    expect(notes).toContain(
      "idleTimeBetweenReads is 200 ms now, the least: the service allows 5 reads per second and shard",
    );
    expect(notes.some((note) => note.startsWith("createStreamSource was left out"))).toBe(true);
  });

  it.each([
    ["as JSON, by the names of fields", undefined],
    ["delimited, with the columns that Java has in its code", COLUMNS],
  ])("Redshift basic, %s", async (_, columns) => {
    await using aws = await redshiftWith("users-staging");
    await aws.redshift.query(ledgerSchema());
    const rows = (): Promise<readonly unknown[]> => aws.redshift.query("SELECT id, name, age FROM users");
    const { yaml, notes } = await deliver("redshift-basic", aws, rows, columns);
    expect(sorted(await rows())).toEqual(users);
    expect(yaml[0]).toContain(columns === undefined ? "type: jsonAuto" : 'delimiter: "|"');
    expect(JSON.stringify([yaml, notes])).not.toContain("CANARY");
    expect(notes.some((note) => note.startsWith("redshiftPassword was left out"))).toBe(true);
  });

  it("Redshift manifest, as two connectors", async () => {
    await using aws = await redshiftWith("users-files");
    aws.kinesis.createStream({ name: "users-files", shardCount: 1 });
    await aws.redshift.query(ledgerSchema("files"));
    const rows = (): Promise<readonly unknown[]> => aws.redshift.query("SELECT id, name, age FROM users");
    const { yaml, notes } = await deliver("redshift-manifest", aws, rows);
    expect(sorted(await rows())).toEqual(users);
    expect(yaml).toHaveLength(2);
    expect(JSON.stringify([yaml, notes])).not.toContain("CANARY");
  });

  it("DynamoDB", async () => {
    await using aws = await startLocalAws({ limits: "off" });
    const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
    await client.send(
      new CreateTableCommand({
        TableName: "users",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const items = async (): Promise<readonly unknown[]> => {
      const found: unknown[] = [];
      for await (const { Items = [] } of paginateScan({ client }, { TableName: "users" }))
        found.push(
          ...Items.map((item) =>
            Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S])),
          ),
        );
      return found;
    };
    const { yaml } = await deliver("dynamodb", aws, items);
    expect(sorted(await items())).toEqual(users);
    expect(yaml[0]).toContain("mode: put");
    client.destroy();
  });

  it("Elasticsearch", async () => {
    await using aws = await startLocalAws({ limits: "off" });
    const documents = (): Promise<readonly unknown[]> => {
      const found = aws.opensearch.indices().includes("users") ? aws.opensearch.documents("users") : [];
      return Promise.resolve(found.map(({ source }) => source));
    };
    const { yaml, notes } = await deliver("elasticsearch", aws, documents);
    expect(sorted(await documents())).toEqual(users);
    expect(yaml[0]).toContain("workerId: indexer");
    expect(yaml[0]).toContain("names: kcl");
    expect(notes.some((note) => note.startsWith("clientTransportSniff was left out"))).toBe(true);
  });
});
