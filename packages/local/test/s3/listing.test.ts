import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listPage } from "../../src/s3/operations/listing.js";
import { compareUtf8 } from "../../src/s3/store/object-store.js";
import { outcomeOf, startS3, type RunningS3 } from "./start-s3.js";

let s3: RunningS3;
beforeAll(async () => {
  s3 = await startS3({ region: "eu-central-1" });
});
afterAll(async () => {
  await s3.stop();
});

async function listAll(input: ListObjectsV2CommandInput): Promise<{ keys: string[]; prefixes: string[] }> {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.client.send(new ListObjectsV2Command({ ...input, ContinuationToken }));
    expect((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)).toBe(page.KeyCount);
    keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
    prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return { keys, prefixes };
}

it("lists keys in the order of their bytes, page by page, under a prefix and up to a delimiter", async () => {
  const Bucket = "listed";
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const keys = ["a/1", "a/2", "b", "c/d/1", "c/e", "z&<>\"' +", "ä", "\u{1F600}", "\uFFFD"];
  for (const Key of keys) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  expect(await listAll({ Bucket, MaxKeys: 2 })).toEqual({
    keys: ["a/1", "a/2", "b", "c/d/1", "c/e", "z&<>\"' +", "ä", "\uFFFD", "\u{1F600}"],
    prefixes: [],
  });
  expect(await listAll({ Bucket, Delimiter: "/", MaxKeys: 1, Prefix: "" })).toMatchObject({
    prefixes: ["a/", "c/"],
  });
  expect(await listAll({ Bucket, Delimiter: "/", Prefix: "c/" })).toEqual({
    keys: ["c/e"],
    prefixes: ["c/d/"],
  });
  expect((await listAll({ Bucket, StartAfter: "a/1", Prefix: "a" })).keys).toEqual(["a/2"]);
  const { Contents } = await s3.client.send(
    new ListObjectsV2Command({ Bucket, EncodingType: "url", Prefix: "z" }),
  );
  expect(decodeURIComponent(Contents?.[0]?.Key ?? "")).toBe("z&<>\"' +");
});

it("answers for buckets: made once, seen, located, deleted only when empty", async () => {
  const Bucket = "made";
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  expect(await outcomeOf(s3.client.send(new CreateBucketCommand({ Bucket })))).toBe(
    "BucketAlreadyOwnedByYou 409",
  );
  expect(await outcomeOf(s3.client.send(new HeadBucketCommand({ Bucket })))).toBe("ok");
  expect(await outcomeOf(s3.client.send(new HeadBucketCommand({ Bucket: "none" })))).toBe("NotFound 404");
  const { Buckets } = await s3.client.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toContain("made");
  const location = await s3.client.send(new GetBucketLocationCommand({ Bucket }));
  expect(location.LocationConstraint).toBe("eu-central-1");
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  expect(await outcomeOf(s3.client.send(new DeleteBucketCommand({ Bucket })))).toBe("BucketNotEmpty 409");
});

it("is refused to who may not list, and for a bad token", async () => {
  const input = { Bucket: "things", ContinuationToken: "not one of ours" };
  expect(await outcomeOf(s3.client.send(new ListObjectsV2Command(input)))).toBe("InvalidArgument 400");
  const denied = await startS3({ listDenied: true });
  const list = new ListObjectsV2Command({ Bucket: "things" });
  expect(await outcomeOf(denied.client.send(list))).toBe("AccessDenied 403");
  await denied.stop();
});

const key = fc.string({
  unit: fc.constantFrom("a", "b", "/", "-", "\uFFFD", "\u{1F600}"),
  minLength: 1,
  maxLength: 6,
});

it("compares like the bytes of UTF-8 (property)", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (left, right) => {
      expect(Math.sign(compareUtf8(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
  );
});

it("pages of any size together list every key and every common prefix once (property)", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 40 }),
      fc.constantFrom("", "a", "b/", "/"),
      fc.constantFrom("", "/", "-", "a/"),
      fc.integer({ min: 1, max: 7 }),
      (unsorted, prefix, delimiter, maxKeys) => {
        const sorted = [...unsorted].sort(compareUtf8);
        const matching = sorted.filter((each) => each.startsWith(prefix));
        const common = (each: string) => {
          const at = delimiter === "" ? -1 : each.indexOf(delimiter, prefix.length);
          return at === -1 ? undefined : each.slice(0, at + delimiter.length);
        };
        const keys: string[] = [];
        const prefixes: string[] = [];
        let startAfter = "";
        for (;;) {
          const page = listPage(sorted, { prefix, delimiter, startAfter, maxKeys });
          keys.push(...page.keys);
          prefixes.push(...page.commonPrefixes);
          expect(page.keys.length + page.commonPrefixes.length).toBeLessThanOrEqual(maxKeys);
          if (!page.truncated) break;
          startAfter = page.last;
        }
        expect(keys).toEqual(matching.filter((each) => common(each) === undefined));
        expect(prefixes).toEqual([...new Set(matching.flatMap((each) => common(each) ?? []))]);
      },
    ),
  );
});
