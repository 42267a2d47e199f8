import type { Emitter } from "../../packages/core/src/index.js";
import { silentLogger as logger } from "../../packages/core/src/index.js";
import { describe, expect, it } from "vitest";
import { FACTORIES, type Options, untyped } from "./factories.js";

const { signal } = new AbortController();
const stream = { application: "again", stream: "clicks", keepsPositions: true };

/** What an emitter of the samples is, with other options; it is only made. */
function made(name: string, changes: Options = {}): Pick<Emitter<unknown>, "wouldDouble"> {
  const [make, options] = FACTORIES[name] ?? [];
  if (make === undefined) throw new Error(`there is no sample of ${name}`);
  return make(untyped({ ...options, ...changes })) as Pick<Emitter<unknown>, "wouldDouble">;
}

const REDSHIFT = { columns: ["id"] };
/** What samples lack for being made. */
const COMPLETE: Readonly<Record<string, Options>> = {
  "redshift.redshiftEmitter": { ...REDSHIFT, maxObjectBytes: 1024 },
  "redshift.redshiftManifestEmitter": REDSHIFT,
  "kinesis.kinesisEmitter": { aggregate: true },
  "s3.s3Emitter": { minObjectBytes: 1 },
};
const NOTHING = /^nothing$/;
const BY_ID = { id: () => "x" };
const LOST = { keepsPositions: false };

describe("a destination says what a replay of live records would do to it", () => {
  it("whichever it is", () => {
    const emitters = Object.keys(FACTORIES).filter(
      (name) => /Emitter$|\.s3DeadLetters$/.test(name) && !name.startsWith("testkit."),
    );
    expect(emitters.length).toBeGreaterThan(10);
    for (const name of emitters) {
      const options = COMPLETE[name] ?? {};
      expect({ name, ...made(name, options) }).toMatchObject({ name, wouldDouble: expect.any(Function) });
    }
  });

  it.each<[string, Options, Options, RegExp]>([
    ["kinesis.kinesisEmitter", {}, {}, /the stream "s".* as often as it is put/],
    ["firehose.firehoseEmitter", {}, {}, /the delivery stream "d".* as often as it is put/],
    ["sqs.sqsEmitter", {}, {}, /the queue "q.fifo".* as often as it is sent, but for five minutes/],
    ["dynamodb.dynamoDbEmitter", {}, {}, NOTHING],
    ["opensearch.openSearchEmitter", {}, {}, NOTHING],
    ["opensearch.openSearchEmitter", {}, LOST, /ids are positions, and the archive has lost those/],
    ["opensearch.openSearchEmitter", BY_ID, {}, /no guard against older records/],
    ["opensearch.openSearchEmitter", { ...BY_ID, ordering: "guarded" }, LOST, NOTHING],
    ["opensearch.openSearchEmitter", { ...BY_ID, operation: "create" }, LOST, NOTHING],
    [
      "opensearch.openSearchEmitter",
      { ...BY_ID, operation: "create", index: "i-{yyyy}" },
      LOST,
      /index goes by the arrival of each/,
    ],
    ["opensearch.openSearchEmitter", { id: "auto" }, {}, /ids are the service's to choose/],
    [
      "opensearch.openSearchEmitter",
      { operation: "create", dataStream: true },
      {},
      /newest backing index only/,
    ],
    ["redshift.redshiftManifestEmitter", {}, {}, NOTHING],
    ["iceberg.icebergManifestEmitter", {}, {}, NOTHING],
  ])("%s with %o, of records with %o", async (name, options, changes, says) => {
    const found = await made(name, { ...COMPLETE[name], ...options }).wouldDouble?.(
      { ...stream, ...changes },
      { signal, logger },
    );
    expect(found ?? "nothing").toMatch(says);
  });
});
