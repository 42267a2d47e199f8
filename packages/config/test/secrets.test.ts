import { describe, expect, it } from "vitest";
import { type JsonSchema, readSchema } from "@kinesis-connectors/core/config";
import { loadWith, validateWith } from "../src/load-config.js";
import { ConfigError, loadSource, problemLine } from "../src/index.js";
import { fileOf, fromSources, problemsOf } from "./support/load.js";

/** Each secret field of each schema, by the names of its definition and property. */
function secretFields(schema: JsonSchema): readonly string[] {
  const definitions = schema["definitions"] as Readonly<Record<string, JsonSchema>>;
  return Object.entries(definitions).flatMap(([type, { properties = {} }]) =>
    Object.entries(properties as Readonly<Record<string, JsonSchema>>)
      .filter(([, { writeOnly }]) => writeOnly === true)
      .map(([name]) => `${type}.${name}`),
  );
}

/** A file that has a canary in every secret field that there is. */
const FULL = `version: 1
application: app
source:
  stream: in
  region: eu-central-1
  proxy: "http://user:CANARY-proxy@127.0.0.1:3128"
  credentials:
    kinesis: { accessKeyId: AKIA1, secretAccessKey: CANARY-kinesis-secret, sessionToken: { env: SESSION } }
emitter:
  type: opensearch
  node: https://search.example.com
  index: clicks
  auth: { username: writer, password: { file: password.txt } }
  ca: "-----BEGIN CERTIFICATE----- CANARY-ca"
deadLetters:
  type: s3
  bucket: dead
  region: eu-central-1
  credentials: { accessKeyId: AKIA2, secretAccessKey: "\${S3_SECRET}" }
admin:
  token: { env: ADMIN_TOKEN }
  readToken: CANARY-read-token-of-the-admin-server
`;
const ENV = {
  SESSION: "CANARY-session",
  S3_SECRET: "CANARY-s3-secret",
  ADMIN_TOKEN: "CANARY-admin-token-that-is-long-enough",
};
const FILES = { "password.txt": "CANARY-password\n" };

it("every secret field of every schema has a canary in the file of these tests", () => {
  const fields = new Set(
    [
      "pipeline.schema.json",
      "../s3/config.schema.json",
      "../redshift/config.schema.json",
      "../dynamodb/config.schema.json",
    ]
      .concat([
        "../kinesis/config.schema.json",
        "../opensearch/config.schema.json",
        "../postgres/config.schema.json",
        "../firehose/config.schema.json",
        "../sqs/config.schema.json",
        "../parquet/config.schema.json",
        "../iceberg/config.schema.json",
      ])
      .flatMap((file) => secretFields(readSchema(new URL(`../${file}`, import.meta.url)))),
  );
  expect([...fields].sort()).toEqual([
    "AdminConfig.readToken",
    "AdminConfig.token",
    "ApiKeyConfig.apiKey",
    "AuthConfig.password",
    "BearerConfig.token",
    "ClientCredentialsConfig.clientSecret",
    "CredentialsConfig.secretAccessKey",
    "CredentialsConfig.sessionToken",
    "GlueCatalogConfig.ca",
    // Its canary is in the tests of lease stores: it needs a package beside the file.
    "LeaseStoreConfig.url",
    "OpenSearchConfig.ca",
    "PostgresConnectionConfig.password",
    "PostgresTlsConfig.ca",
    "PostgresTlsConfig.cert",
    "PostgresTlsConfig.key",
    "RestCatalogConfig.ca",
    "S3TablesCatalogConfig.ca",
  ]);
});

describe("secrets", () => {
  it("reach the options, and nothing that is shown", async () => {
    const loaded = await loadWith(fileOf(FULL, FILES), { env: ENV }, fromSources);
    expect(loaded.options.credentials).toEqual({
      kinesis: {
        accessKeyId: "AKIA1",
        secretAccessKey: "CANARY-kinesis-secret",
        sessionToken: "CANARY-session",
      },
    });
    expect(loaded.admin?.token).toBe("CANARY-admin-token-that-is-long-enough");
    const shown = JSON.stringify(loaded.redacted);
    expect(shown).not.toContain("CANARY");
    expect(shown.match(/\*\*\*/g)).toHaveLength(8);
    expect(shown).toContain("http://***@127.0.0.1:3128");
    // What is no secret is shown: who reads it wants to know which keys these are.
    expect(shown).toContain("AKIA1");
    await loaded.close();
  });

  it("of an API key reach the emitter, and nothing that is shown", async () => {
    const text = `version: 1
application: app
source: { stream: in }
emitter:
  type: opensearch
  node: https://search.example.com
  index: clicks
  auth: { apiKey: CANARY-api-key }
`;
    const loaded = await loadWith(fileOf(text, FILES), { env: ENV }, fromSources);
    expect(JSON.stringify(loaded.redacted)).not.toContain("CANARY");
    expect(JSON.stringify(loaded.redacted).match(/\*\*\*/g)).toHaveLength(1);
    await loaded.close();
  });

  it("of a connection to PostgreSQL reach it, and nothing that is shown", async () => {
    const text = `version: 1
application: app
source: { stream: in }
emitter:
  type: postgres
  connection:
    host: db.example.com
    database: shop
    user: writer
    password: { file: password.txt }
    tls: { ca: CANARY-ca, cert: CANARY-cert, key: { env: S3_SECRET } }
  table: public.clicks
  columns: { page: text, at: timestamptz }
  mode: { type: upsert, key: [page], guarded: true, remove: { path: gone, equals: true } }
`;
    const loaded = await loadWith(fileOf(text, FILES), { env: ENV }, fromSources);
    expect(loaded.options.pipeline).toMatchObject({ emitter: { plan: expect.any(Function) } });
    expect(JSON.stringify(loaded.redacted)).not.toContain("CANARY");
    expect(JSON.stringify(loaded.redacted).match(/\*\*\*/g)).toHaveLength(4);
    await loaded.close();
  });

  it.each([
    "{ type: rest, uri: https://catalog.example.com, ca: CANARY-ca, auth: { type: bearer, token: CANARYtoken } }",
    "{ type: rest, uri: https://catalog.example.com, auth: { type: clientCredentials, clientId: c, clientSecret: CANARY-secret } }",
    "{ type: glue, region: eu-central-1, ca: CANARY-ca }",
    "{ type: s3Tables, tableBucketArn: 'arn:aws:s3tables:eu-central-1:123456789012:bucket/lake', ca: { env: S3_SECRET } }",
  ])("of a catalog reach it, and nothing that is shown: %s", async (catalog) => {
    const text = `version: 1
application: app
source: { stream: in }
emitter:
  type: iceberg
  catalog: ${catalog}
  table: sales.orders
  columns: { id: int64 }
`;
    const loaded = await loadWith(fileOf(text), { env: ENV }, fromSources);
    expect(loaded.options.pipeline).toMatchObject({ emitter: { plan: expect.any(Function) } });
    expect(JSON.stringify(loaded.redacted)).not.toContain("CANARY");
    expect(JSON.stringify(loaded.redacted)).toContain("***");
    await loaded.close();
  });

  it("are not shown either where the destinations are not even installed, whatever they are called there", async () => {
    const text = `version: 1
application: app
source: { stream: in }
emitter:
  type: "@acme/thing"
  url: "https://user:CANARY-1@example.com/x"
  password: CANARY-2
  nested: { apiKey: CANARY-3, credentials: { id: CANARY-4, list: [CANARY-5] } }
deadLetters: { type: s3, bucket: dead, credentials: { accessKeyId: x, secretAccessKey: CANARY-6 } }
announce: { type: thing, token: CANARY-7, name: shown }
`;
    const { redacted } = await loadSource(fileOf(text), { env: {} });
    expect(JSON.stringify(redacted)).not.toContain("CANARY");
    expect(redacted).toMatchObject({ deadLetters: { bucket: "dead" }, announce: { name: "shown" } });
  });

  /** Files that are wrong in every way there is near a secret. */
  const broken: readonly (readonly [string, string])[] = [
    ["an option that is none", FULL.replace("index: clicks", "indx: clicks")],
    ["a secret that is a number's place", FULL.replace("stream: in", "stream: [CANARY-in-a-list]")],
    [
      "a secret as the name of an option",
      FULL.replace("admin:\n", "admin:\n  CANARY: 1\n").replaceAll("CANARY: 1", "x: CANARY-x"),
    ],
    ["a secret of a wrong kind", FULL.replace("{ file: password.txt }", "[CANARY-listed]")],
    [
      "a secret in a choice",
      FULL.replace("type: opensearch", "type: opensearch\n  compression: CANARY-compression"),
    ],
    [
      "a secret in a size",
      FULL.replace("type: opensearch", "type: opensearch\n  maxRequestBytes: CANARY-bytes"),
    ],
    ["a secret with blanks around it", FULL.replace('"${S3_SECRET}"', '" CANARY-blank "')],
    ["a proxy that is none", FULL.replace("http://user", "socks://user")],
    ["a file that is no YAML", FULL.replace("index: clicks", 'index: "CANARY-open')],
    ["a key twice", FULL.replace("index: clicks", "index: clicks\n  index: CANARY-twice")],
    ["a text that is cut", `${FULL}CANARY-loose text: [`],
    ["an unset variable beside it", FULL.replace("${S3_SECRET}", "CANARY-prefix-${UNSET}")],
    [
      "a wrong index",
      FULL.replace("index: clicks", 'index: "CANARY-UPPER"').replace("CANARY-UPPER", "UPPER"),
    ],
    ["aws beside auth", FULL.replace("index: clicks", "index: clicks\n  aws: { region: eu-central-1 }")],
  ];

  it.each(broken)("are in no message about %s", async (_, text) => {
    const file = fileOf(text, FILES);
    const problems = await validateWith(file, { env: ENV }, fromSources);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map(problemLine).join("\n")).not.toContain("CANARY");
    const error: unknown = await loadWith(file, { env: ENV }, fromSources).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const { stack, message, cause } = error as Error;
    expect(`${stack} ${message} ${String(cause)}`).not.toContain("CANARY");
  });

  it.each([
    ["{ env: NOT_SET }", "is in the variable NOT_SET, which is not set or empty: set it"],
    ["{ file: none.txt }", "is in a file that cannot be read (ENOENT): check the path and its rights"],
    ["{ file: empty.txt }", "is in a file that is empty"],
    ["{ path: x }", "is not an option of emitter.auth.password; it has env, file"],
    ["5", "must be a text or an object"],
  ])("that cannot be had are problems at their place: %s", async (secret, message) => {
    const text = FULL.replace("{ file: password.txt }", secret);
    const [problem = ""] = await problemsOf(text, { env: ENV }, { ...FILES, "empty.txt": "\n" });
    expect(problem).toMatch(/^13:\d+ emitter\.auth\.password/);
    expect(problem).toContain(message);
  });
});
