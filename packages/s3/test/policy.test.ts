import { batchOf, contextOf, deliver, failureFrom, planOf, recordsOf } from "@kinesis-connectors/testkit";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { json } from "@kinesis-connectors/core";
import {
  awsExtended,
  claimChecks,
  claimCheckStore,
  replayDeadLetters,
  s3DeadLetters,
} from "@kinesis-connectors/s3";
import { BUCKET, startS3 } from "./support/local-s3.js";

/** The right that each operation takes (Service Authorization Reference, "Actions for Amazon S3"). */
const rights: Readonly<Record<string, string>> = {
  PutObject: "s3:PutObject",
  CreateMultipartUpload: "s3:PutObject",
  UploadPart: "s3:PutObject",
  CompleteMultipartUpload: "s3:PutObject",
  AbortMultipartUpload: "s3:AbortMultipartUpload",
  HeadObject: "s3:GetObject",
  GetObject: "s3:GetObject",
  HeadBucket: "s3:ListBucket",
  ListObjectsV2: "s3:ListBucket",
};

/** The S3 actions that a shipped policy grants. */
function granted(file: string): string[] {
  const policy: unknown = JSON.parse(readFileSync(new URL(`../iam/${file}`, import.meta.url), "utf8"));
  return [...JSON.stringify(policy).matchAll(/"(s3:[A-Z]\w+)"/g)].map(([, action]) => action ?? "").sort();
}

const rightOf = (call: string): string => rights[call.split(" ")[0] ?? ""] ?? `no right known for ${call}`;
const distinct = (actions: readonly string[]): string[] => [...new Set(actions)].sort();

describe("S01 the shipped policies", () => {
  it("grant the emitter what it calls and nothing else; its look at the bucket may be refused", async () => {
    await using s3 = await startS3();
    const deny = { kind: "error", status: 403, code: "AccessDenied" } as const;
    s3.aws.faults.add({ operation: "HeadBucket", effect: deny });
    s3.aws.faults.add({
      operation: "UploadPart",
      // The first one is that of the probe: this S3 is not AWS's.
      nth: 3,
      effect: { ...deny, status: 400, code: "InvalidPart" },
    });
    const emitter = s3.emitter({ multipartAboveBytes: 100 });
    const large = batchOf([{ text: "x".repeat(6 * 1024 * 1024) }]);
    const small = batchOf([1]);
    await emitter.open?.(contextOf(undefined));
    await emitter.isWritten?.(small, contextOf(planOf(emitter, small)));
    await deliver(emitter, small);
    await deliver(emitter, small);
    await deliver(emitter, batchOf([{ text: "x".repeat(200) }], { shardId: "shardId-000000000009" }));
    await failureFrom(deliver(emitter, large));
    await deliver(emitter, large);
    const called = s3.calls().filter((call) => call !== "HeadBucket 403");
    expect(distinct(called.map(rightOf))).toEqual(granted("emitter-policy.json"));
    expect(s3.calls().filter((call) => call.startsWith("HeadBucket"))).toEqual(["HeadBucket 403"]);
  });

  it("grant a replay what it calls and nothing else", async () => {
    await using s3 = await startS3();
    const letters = s3DeadLetters({ ...s3.connection, bucket: BUCKET });
    const letter = {
      stream: "s",
      shardId: "1",
      sequenceNumber: "1",
      subSequenceNumber: 0,
      partitionKey: "p",
      arrivalTime: "2026-01-01T00:00:00Z",
      errorCode: "E",
      errorMessage: "m",
      attempts: 1,
      data: "",
    };
    await deliver(letters, batchOf([letter]));
    const after = s3.aws.journal.last();
    for await (const record of replayDeadLetters({ ...s3.connection, bucket: BUCKET }))
      expect(record.data.length).toBe(0);
    const called = s3.aws.journal.entries({ after }).map(({ operation }) => rightOf(operation));
    expect(distinct(called)).toEqual(granted("replay-policy.json"));
  });

  it("grant a store of claim checks, and readers of them, what they call; readers are told of missing objects besides", async () => {
    await using s3 = await startS3();
    const pointer = awsExtended();
    const put = claimCheckStore({ ...s3.connection, bucket: BUCKET, prefix: "p", pointer });
    const record = await put(Buffer.from("{}"), { sha256: "0" });
    const called = s3.calls().map(rightOf);
    expect(distinct(called)).toEqual(granted("claim-check-store-policy.json"));
    const after = s3.aws.journal.last();
    const [read] = recordsOf([record]);
    expect(
      await claimChecks(json(), { ...s3.connection, buckets: [BUCKET], pointer }).toModel(read!),
    ).toEqual({});
    const asked = s3.aws.journal.entries({ after }).map(({ operation }) => rightOf(operation));
    // S3 says 403 of an object that is missing to those who may not list, and nothing is listed.
    expect(distinct([...asked, "s3:ListBucket"])).toEqual(granted("claim-checks-policy.json"));
  });
});
