import {
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type PutObject, PutTemplate, type SentPut } from "../../src/objects/put-template.js";

const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
const SESSION = { ...KEYS, sessionToken: "token of the session" };
const BUCKET = "clicks";

/** A client that sends nothing: what it would send is kept, and answered well. */
function stubbed(config: S3ClientConfig = {}): { readonly client: S3Client; readonly sent: SentPut[] } {
  const sent: SentPut[] = [];
  const client = new S3Client({
    region: "eu-central-1",
    credentials: KEYS,
    expectContinueHeader: false,
    maxAttempts: 3,
    ...config,
    requestHandler: {
      handle: (request: SentPut & { readonly method: string }) => {
        if (request.method === "PUT") sent.push(request);
        return Promise.resolve({ response: answer(request) });
      },
    },
  });
  return { client, sent };
}

/** A session for a directory bucket, or nothing. */
function answer({ method }: SentPut): object {
  const session =
    "<CreateSessionResult><Credentials><SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey>" +
    "<AccessKeyId>a</AccessKeyId><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>";
  const body = Buffer.from(method === "GET" ? session : "");
  return { statusCode: 200, headers: {}, body };
}

type Settings = Omit<PutObjectCommandInput, "Key" | "Body" | "Metadata" | "Bucket"> & {
  readonly Bucket?: string;
};

const PLAIN: Settings = { ContentType: "application/x-ndjson", ChecksumAlgorithm: "CRC32", IfNoneMatch: "*" };

async function put(client: S3Client, settings: Settings, { key, metadata, bytes }: PutObject): Promise<void> {
  await client.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      ...settings,
      Key: key,
      Metadata: metadata,
      Body: bytes,
      ContentLength: bytes.length,
    }),
  );
}

const FIRST: PutObject = {
  key: "day=2026-11-29/shardId-000000000000-1-2.ndjson",
  metadata: { "kc-batch-id": "a1", team: "web + mobile" },
  bytes: Buffer.from('{"n":1}\n'),
};

/** The template that the first request of a client gives; undefined where it is not taken. */
async function learned(
  config: S3ClientConfig = {},
  settings: Settings = {},
  prepare: (client: S3Client) => void = () => undefined,
) {
  const { client, sent } = stubbed(config);
  prepare(client);
  const all = { ...PLAIN, ...settings };
  await put(client, all, FIRST);
  const [request] = sent;
  if (request === undefined) throw new Error("nothing was sent");
  const identity = await client.config.credentials();
  const template = PutTemplate.from(request, FIRST, identity);
  return { client, sent, settings: all, identity, template };
}

/** The head of a request as HTTP/1.1 has it. */
function headOf({ method, path, query = {}, headers }: SentPut): string {
  const queryText = new URLSearchParams(query).toString();
  return [
    `${method} ${path}${queryText === "" ? "" : `?${queryText}`} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n");
}

/** What the template makes of an object at the moment at which the client sent it, beside what the client sent. */
async function compared(
  made: Awaited<ReturnType<typeof learned>>,
  object: PutObject,
): Promise<[string, string]> {
  const { client, sent, settings, identity, template } = made;
  await put(client, settings, object);
  const request = sent.at(-1) as SentPut;
  const date = (request.headers["x-amz-date"] ?? "").replace(
    /^(....)(..)(..)T(..)(..)(..)Z$/,
    "$1-$2-$3T$4:$5:$6Z",
  );
  const pieces = template?.pieces(object, identity, {
    atMs: Date.parse(date),
    invocationId: request.headers["amz-sdk-invocation-id"] ?? "",
  });
  const bytes = Buffer.concat(pieces ?? []).toString("latin1");
  return [bytes, headOf(request) + Buffer.from(object.bytes).toString("latin1")];
}

const ACCESS_POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint/archive";

const TAKEN: readonly [string, S3ClientConfig, Settings][] = [
  ["the bucket in the host name", {}, {}],
  ["the bucket in the path", { forcePathStyle: true }, {}],
  ["a bucket with dots in its name", {}, { Bucket: "my.clicks" }],
  ["another partition", { region: "cn-north-1" }, {}],
  ["dual-stack", { useDualstackEndpoint: true }, {}],
  ["FIPS", { region: "us-east-1", useFipsEndpoint: true }, {}],
  ["transfer acceleration", { useAccelerateEndpoint: true }, {}],
  [
    "an endpoint with a path and a port",
    { endpoint: "https://s3.example.com:9000/store", forcePathStyle: true },
    {},
  ],
  ["an access point", {}, { Bucket: "arn:aws:s3:eu-central-1:123456789012:accesspoint/archive" }],
  ["an access point of another region", { useArnRegion: true }, { Bucket: ACCESS_POINT }],
  ["the credentials of a session", { credentials: SESSION }, {}],
  ["checksums only where they are asked for", { requestChecksumCalculation: "WHEN_REQUIRED" }, {}],
  ["over whatever is there", {}, { IfNoneMatch: undefined }],
  [
    "everything that is stored with objects",
    {},
    {
      ContentEncoding: "gzip",
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "alias/clicks",
      BucketKeyEnabled: true,
      StorageClass: "STANDARD_IA",
      Tagging: "team=web%20%2B%20mobile",
      ACL: "bucket-owner-full-control",
      RequestPayer: "requester",
      ExpectedBucketOwner: "123456789012",
    },
  ],
];

describe("requests that are made by what the client's first one showed", () => {
  it.each(TAKEN)("are the client's own, byte for byte: %s", async (_name, config, settings) => {
    const made = await learned(config, settings);
    const [ours, theirs] = await compared(made, {
      key: "other folder/a+b/größe=ü!'()*~%2F.ndjson",
      metadata: { "kc-batch-id": "b2", team: "x" },
      bytes: Buffer.from([0, 255, 13, 10]),
    });
    expect(ours).toBe(theirs);
    made.client.destroy();
  });

  it("are so for whatever keys, metadata and bytes", async () => {
    const made = await learned({ credentials: SESSION });
    const segment = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .map((text) => `k${Buffer.from(text).toString()}`);
    const value = fc.string({
      unit: fc.constantFrom(..."aB9 .:/=+-_~".split("")),
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/")),
        fc.record({
          "kc-batch-id": value.map((text) => text.trim().replace(/ +/g, " ") || "x"),
          team: fc.constant("web"),
        }),
        fc.uint8Array({ maxLength: 300 }),
        async (key, metadata, bytes) => {
          const [ours, theirs] = await compared(made, { key, metadata, bytes: Buffer.from(bytes) });
          expect(ours).toBe(theirs);
        },
      ),
      { numRuns: 60 },
    );
    made.client.destroy();
  });

  it("are left to the client where a header cannot carry the metadata as it is, or other metadata is given", async () => {
    const { template, identity, client } = await learned();
    const occasion = { atMs: 0, invocationId: "id" };
    for (const metadata of [
      { ...FIRST.metadata, team: "größe" },
      { ...FIRST.metadata, team: "a\r\nx-amz-acl: public-read" },
      { ...FIRST.metadata, team: " around" },
      { ...FIRST.metadata, more: "than before" },
      { "kc-batch-id": "a1" },
    ] as Record<string, string>[])
      expect(template?.pieces({ ...FIRST, metadata }, identity, occasion)).toBeUndefined();
    expect(template?.pieces(FIRST, identity, occasion)).toBeDefined();
    client.destroy();
  });
});

type ChangeHeaders = (headers: Record<string, string>) => void;

const changing =
  (change: ChangeHeaders) =>
  <Given extends object, Output>(next: (given: Given) => Promise<Output>) =>
  (given: Given): Promise<Output> => {
    change((given as { request: { headers: Record<string, string> } }).request.headers);
    return next(given);
  };

/** Changes the headers of each request: before it is signed, or behind the signer's back. */
const marking = (step: "build" | "deserialize", change: ChangeHeaders) => {
  const mark = changing(change);
  return ({ middlewareStack }: S3Client): void =>
    step === "build" ? middlewareStack.add(mark, { step }) : middlewareStack.add(mark, { step });
};

const NOT_TAKEN: readonly [string, S3ClientConfig, Settings, ((client: S3Client) => void)?][] = [
  [
    "a directory bucket, whose sessions are the client's",
    { region: "us-west-2" },
    { Bucket: "clicks--usw2-az1--x-s3" },
  ],
  [
    "Outposts, another service to sign for",
    {},
    { Bucket: "arn:aws:s3-outposts:eu-central-1:123456789012:outpost/op-1/accesspoint/a" },
  ],
  ["another checksum", {}, { ChecksumAlgorithm: "SHA256" }],
  ["Expect: 100-continue", { expectContinueHeader: true }, {}],
  ["a website's redirect, or whatever else is not known here", {}, { WebsiteRedirectLocation: "/elsewhere" }],
  ["a step that adds a header", {}, {}, marking("build", (headers) => (headers["x-mark"] = "own"))],
  [
    "a step that changes what was signed",
    {},
    {},
    marking("deserialize", (headers) => (headers["content-type"] = "text/plain")),
  ],
  [
    "a signature of another kind (several regions)",
    {},
    {},
    marking("deserialize", (headers) => {
      headers["authorization"] = (headers["authorization"] ?? "").replace(
        "AWS4-HMAC-SHA256",
        "AWS4-ECDSA-P256-SHA256",
      );
    }),
  ],
  [
    "a payload that is not signed",
    {},
    {},
    marking("build", (headers) => (headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD")),
  ],
  [
    "a later attempt",
    {},
    {},
    marking("deserialize", (headers) => (headers["amz-sdk-request"] = "attempt=2; max=3")),
  ],
  [
    "a signer of one's own",
    {
      signer: {
        sign: <Request extends { headers: Record<string, string> }>(request: Request): Promise<Request> => {
          request.headers["authorization"] =
            "AWS4-HMAC-SHA256 Credential=a/20261129/eu-central-1/s3/aws4_request, x";
          return Promise.resolve(request);
        },
      },
    },
    {},
  ],
];

describe("a client that does anything not known here", () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each(NOT_TAKEN)("is left to itself: %s", async (_name, config, settings, prepare) => {
    const { template, client } = await learned(config, settings, prepare);
    expect(template).toBeUndefined();
    client.destroy();
  });

  it("is left to itself: in a function that is traced, where each request says by which invocation", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "f");
    vi.stubEnv("_X_AMZN_TRACE_ID", "Root=1-2-3");
    const { template, client, sent } = await learned();
    expect(Object.keys(sent[0]?.headers ?? {}).map((name) => name.toLowerCase())).toContain(
      "x-amzn-trace-id",
    );
    expect(template).toBeUndefined();
    client.destroy();
  });

  it("is left to itself: an access point of several regions, which the client signs in another way or not at all", async () => {
    const { client, sent } = stubbed();
    const Bucket = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap";
    await put(client, { ...PLAIN, Bucket }, FIRST).catch(() => undefined);
    const identity = await client.config.credentials();
    expect(sent.map((request) => PutTemplate.from(request, FIRST, identity)).filter(Boolean)).toEqual([]);
    client.destroy();
  });
});
