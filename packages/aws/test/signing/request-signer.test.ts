import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AwsCredentials, payloadHash, RequestSigner, Sha256 } from "../../src/index.js";

/** One request of a kind: how its headers are split differs from run to run, and must not matter. */
interface Sample {
  readonly service: string;
  readonly region: string;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the headers, those that the signer hears of with each request. */
  readonly varying: readonly string[];
  readonly body: string | Uint8Array;
  readonly isUnsignedPayload: boolean;
}

const oneOf = (characters: string): fc.Arbitrary<string> => fc.constantFrom(...characters.split(""));
const token = fc.string({ unit: oneOf("abcxyzABCXYZ0189-_/+="), minLength: 1, maxLength: 40 });

const credentials: fc.Arbitrary<AwsCredentials> = fc.record({
  accessKeyId: token,
  secretAccessKey: token,
  sessionToken: fc.option(fc.oneof(token, fc.constant("")), { nil: undefined }),
}) as fc.Arbitrary<AwsCredentials>;

const headerName = fc.oneof(
  fc.constantFrom(
    "host",
    "content-type",
    "content-length",
    "x-amz-target",
    "amz-sdk-request",
    "if-none-match",
  ),
  fc.constantFrom(
    "user-agent",
    "x-amz-user-agent",
    "expect",
    "connection",
    "proxy-connection",
    "sec-fetch-mode",
  ),
  fc.constantFrom(
    "x-amzn-trace-id",
    "cache-control",
    "x-amz-meta-a",
    "x-amz-meta-aa",
    "x-amz-checksum-crc32",
  ),
  fc.string({ unit: oneOf("abz019-_."), minLength: 1, maxLength: 12 }).filter(isUsualName),
);

const headerValue = fc.string({
  unit: oneOf('ab Z09,;:="/*()\t \u00e9'),
  maxLength: 30,
});

const path = fc.oneof(
  fc.constant("/"),
  fc.string({ unit: oneOf("ab/.%2F ~!'()*:@+=&"), maxLength: 30 }).map((rest) => `/${rest}`),
);

const sample: fc.Arbitrary<Sample> = fc
  .record({
    service: fc.constantFrom("kinesis", "dynamodb", "s3"),
    region: fc.constantFrom("eu-central-1", "us-gov-west-1", "ap-southeast-2"),
    method: fc.constantFrom("POST", "PUT", "GET"),
    path,
    query: fc.dictionary(fc.string({ unit: oneOf("axA-.~ *&="), maxLength: 6 }), token, {
      maxKeys: 4,
      noNullPrototype: true,
    }),
    headers: fc.dictionary(headerName, headerValue, { maxKeys: 10, noNullPrototype: true }),
    body: fc.oneof(fc.string({ maxLength: 100 }), fc.uint8Array({ maxLength: 100 })),
    every: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ every, ...given }) =>
    Object.assign(given, {
      varying: Object.keys(given.headers).filter((_, index) => index % every === 0),
      isUnsignedPayload: false,
    }),
  );

const atMs = fc.integer({ min: 0, max: Date.UTC(2099, 0, 1) });

describe("signatures of requests", () => {
  it("are those of the SDK's signer, for services of JSON and for S3, whatever the request", async () => {
    await fc.assert(
      fc.asyncProperty(
        sample,
        credentials,
        fc.array(atMs, { minLength: 1, maxLength: 3 }),
        async (...given) => {
          const [request, by, times] = given;
          const signer = signerOf(request);
          for (const time of times)
            expect(sign(signer, request, by, time)).toEqual(await signedBySdk(request, by, time));
        },
      ),
      { numRuns: 150 },
    );
  });

  it("follow credentials, days and bodies from request to request", async () => {
    const day = Date.UTC(2026, 10, 29, 23, 59, 59, 999);
    const [one, other]: AwsCredentials[] = [
      { accessKeyId: "AKIAONE", secretAccessKey: "first secret" },
      { accessKeyId: "AKIAOTHER", secretAccessKey: "second secret", sessionToken: "of a session" },
    ];
    const request = { ...kinesis, body: "{}" };
    const signer = signerOf(request);
    const steps: [AwsCredentials, number, string][] = [
      [one as AwsCredentials, day, "{}"],
      [one as AwsCredentials, day, '{"Limit":1}'],
      [one as AwsCredentials, day + 1, "{}"],
      [other as AwsCredentials, day + 1, "{}"],
      [{ ...other, sessionToken: "of the next session" } as AwsCredentials, day + 1, "{}"],
      [{ ...one, secretAccessKey: "third secret" } as AwsCredentials, day + 1, "{}"],
      [{ ...one, accessKeyId: "AKIATHIRD" } as AwsCredentials, day + 1, "{}"],
      [one as AwsCredentials, day - 86_400_000, ""],
    ];
    for (const [by, time, body] of steps)
      expect(sign(signer, { ...request, body }, by, time)).toEqual(
        await signedBySdk({ ...request, body }, by, time),
      );
  });

  it("hold for a payload that is left unsigned", async () => {
    const request = { ...kinesis, service: "s3", isUnsignedPayload: true };
    const by = { accessKeyId: "AKIAONE", secretAccessKey: "first secret" };
    expect(sign(signerOf(request), request, by, 0)).toEqual(await signedBySdk(request, by, 0));
  });

  it("are refused in the SDK's words where a provider gave no keys", () => {
    for (const given of [undefined, {}, { accessKeyId: "AKIAONE" }, { secretAccessKey: "a secret" }])
      expect(() => sign(signerOf(kinesis), kinesis, given as AwsCredentials, 0)).toThrow(
        "Resolved credential object is not valid",
      );
  });

  it("take no header that the signer makes, and none twice", () => {
    for (const name of [
      "Authorization",
      "X-Amz-Date",
      "x-amz-security-token",
      "x-amz-content-sha256",
      "date",
    ])
      expect(() => new RequestSigner({ ...kinesis, headers: { [name]: "a" } })).toThrow(name.toLowerCase());
    expect(() => new RequestSigner({ ...kinesis, headers: { Host: "a" }, varying: ["host"] })).toThrow(
      "twice",
    );
  });

  it("leave nothing of a secret to whoever prints the signer", () => {
    const signer = signerOf(kinesis);
    sign(signer, kinesis, { accessKeyId: "AKIAONE", secretAccessKey: "canary", sessionToken: "canary" }, 0);
    expect(JSON.stringify(signer)).toBe("{}");
  });
});

const kinesis: Sample = {
  service: "kinesis",
  region: "eu-central-1",
  method: "POST",
  path: "/",
  query: {},
  headers: {
    host: "kinesis.eu-central-1.amazonaws.com",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "Kinesis_20131202.GetRecords",
  },
  varying: ["content-type"],
  body: "{}",
  isUnsignedPayload: false,
};

function isUsualName(name: string): boolean {
  return !["date", "x-amz-date", "authorization"].includes(name);
}

function signerOf({ region, service, method, query, headers, varying }: Sample): RequestSigner {
  const fixed = Object.entries(headers).filter(([name]) => !varying.includes(name));
  return new RequestSigner({ region, service, method, query, headers: Object.fromEntries(fixed), varying });
}

function sign(
  signer: RequestSigner,
  { headers, varying, path, body, isUnsignedPayload }: Sample,
  by: AwsCredentials,
  time: number,
): Record<string, string> {
  const added = signer.sign(by, {
    values: varying.map((name) => headers[name] as string),
    path,
    payloadHash: isUnsignedPayload ? "UNSIGNED-PAYLOAD" : payloadHash(body),
    atMs: time,
  });
  return { ...headers, ...added };
}

async function signedBySdk(
  sampled: Sample,
  by: AwsCredentials,
  time: number,
): Promise<Record<string, string>> {
  const { service, region, method, path, query, headers, body, isUnsignedPayload } = sampled;
  const signer = new SignatureV4({
    service,
    region,
    credentials: by,
    sha256: Sha256,
    uriEscapePath: service !== "s3",
  });
  const signed = await signer.sign(
    new HttpRequest({
      method,
      protocol: "https:",
      hostname: "of.no.matter",
      path,
      query: { ...query },
      headers: { ...headers, ...(isUnsignedPayload ? { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } : {}) },
      body,
    }),
    { signingDate: new Date(time) },
  );
  return { ...signed.headers };
}
