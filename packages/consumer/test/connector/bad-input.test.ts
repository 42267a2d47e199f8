import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { fanOut } from "../../src/reading/fan-out-consumer.js";
import type { ConnectorOptions } from "../../src/options.js";
import { collector, optionsFor, startAws, STREAM, textPipeline } from "./support.js";

type Options = ConnectorOptions<string, string>;

const pipeline = textPipeline(collector().emitter);
const complete: Options = { application: "clicks-to-memory", stream: STREAM, pipeline };

/** Types keep most of these away from TypeScript callers; JavaScript callers get a sentence. */
function withOptions(changes: { readonly [Name in keyof Options]?: unknown }): Options {
  return Object.assign({}, complete, changes);
}

function onThreads(changes: { readonly [Name in keyof Options]?: unknown }): Options {
  return withOptions({ pipeline: new URL("./none.js", import.meta.url), threads: 2, ...changes });
}

describe("bad options", () => {
  const cases: readonly (readonly [string, Options, RegExp])[] = [
    ["an empty application", withOptions({ application: "" }), /application must be/],
    ["an empty stream name", withOptions({ stream: "" }), /stream must be/],
    ["no stream at all", withOptions({ stream: undefined }), /stream is missing: give/],
    ["an ARN as the stream's name", withOptions({ stream: "arn:aws:kinesis:x:1:stream/y" }), /streamArn/],
    [
      "both a stream and an ARN",
      withOptions({ streamArn: "arn:aws:kinesis:eu-central-1:000000000000:stream/clicks" }),
      /stream and streamArn are both given/,
    ],
    ["a broken ARN", withOptions({ stream: undefined, streamArn: "arn:aws:s3:::bucket" }), /streamArn must/],
    ["no pipeline", withOptions({ pipeline: undefined }), /pipeline is missing: startConnector needs it/],
    ["a module by its path", withOptions({ pipeline: "./pipeline.js" }), /write new URL\("\.\/pipeline\.js"/],
    ["a module of the web", withOptions({ pipeline: new URL("https://host/p.js") }), /no file: URL/],
    ["a module that is missing", withOptions({ pipeline: "file:///none.js" }), /none.js cannot be imported/],
    ["threads of a pipeline that is no module", withOptions({ threads: 2 }), /threads needs pipeline to be/],
    ["no thread at all", onThreads({ threads: 0 }), /threads must be a whole number from 1 to 64/],
    ["more threads than make sense", onThreads({ threads: 65 }), /threads must be a whole number/],
    ["a clock that cannot travel", onThreads({ clock: systemClock }), /clock cannot travel/],
    ["randomness that cannot travel", onThreads({ random: systemRandom }), /random cannot travel/],
    ["a way to Kinesis that cannot travel", onThreads({ kinesisApi: {} }), /kinesisApi cannot travel/],
    [
      "a client that cannot travel",
      onThreads({ clients: { kinesis: new KinesisClient({ region: "eu-central-1" }) } }),
      /clients.kinesis cannot travel .* give region, endpoints and credentials/,
    ],
    [
      "a logger without debug",
      withOptions({ logger: { ...silentLogger, debug: undefined } }),
      /logger.debug must be/,
    ],
    ["a logger that is none", withOptions({ logger: "console" }), /logger must be a logger such as console/],
    [
      "a controller as its signal",
      withOptions({ signal: new AbortController() }),
      /signal must have a function add/,
    ],
    ["a number as what measures the CPU", withOptions({ measureCpu: 30 }), /measureCpu must be a function/],
    [
      "a clock without timers",
      withOptions({ clock: { ...systemClock, setTimer: 1 } }),
      /clock must .* setTimer/,
    ],
    [
      "half a lease table",
      withOptions({ leaseTable: { open: () => 1 } }),
      /leaseTable must have a function list/,
    ],
    [
      "a promise of a way to Kinesis",
      withOptions({ kinesisApi: Promise.resolve() }),
      /kinesisApi is a promise: await/,
    ],
    [
      "a promise of credentials",
      withOptions({ credentials: Promise.resolve({}) }),
      /credentials is a promise: await/,
    ],
    [
      "a misspelt option",
      Object.assign({ initalPosition: "LATEST" }, complete),
      /startConnector has no option initalPosition: did you mean initialPosition\?/,
    ],
    [
      "a misspelt option of leases",
      withOptions({ leases: { failoverTime: 1 } }),
      /mean leases.failoverTimeMs\?/,
    ],
    [
      "a misspelt endpoint",
      withOptions({ endpoints: { kinesiss: "x" } }),
      /did you mean endpoints.kinesis\?/,
    ],
    [
      "a misspelt option of polling",
      withOptions({ retrieval: { type: "polling", idlePoll: 1 } }),
      /idlePollMs\?/,
    ],
    [
      "a misspelt option of fanOut",
      withOptions({ retrieval: { type: "fan-out", consumer: "x" } }),
      /did you mean consumerName or consumerArn\?/,
    ],
    ["a misspelt position", withOptions({ initialPosition: "EARLIEST" }), /initialPosition must be/],
    ["no date", withOptions({ initialPosition: { at: new Date("never") } }), /initialPosition must be/],
    ["a date before 1970", withOptions({ initialPosition: { at: new Date(-1) } }), /lies before 1970/],
    ["a date to come", withOptions({ initialPosition: { at: new Date("9999-01-01") } }), /in the future/],
    ["a way of reading that there is not", withOptions({ retrieval: { type: "push" } }), /retrieval must be/],
    ["a poll without a pause", withOptions({ retrieval: { type: "polling", idlePollMs: 0 } }), /idlePollMs/],
    [
      "an application that names no consumer",
      withOptions({ application: "my app", leaseTable: "my-app", retrieval: fanOut() }),
      /application names the fan-out consumer/,
    ],
    ["a budget of nothing", withOptions({ maxReadAheadBytes: 0 }), /maxReadAheadBytes must be/],
    ["a deadline that is no number", withOptions({ stopDeadlineMs: Number.NaN }), /stopDeadlineMs must be/],
    ["a gap policy that there is not", withOptions({ onRetentionGap: "ignore" }), /onRetentionGap must be/],
    ["a wire format that there is not", withOptions({ wireFormat: "xml" }), /wireFormat must be/],
    ["an application that names no table", withOptions({ application: "my app" }), /or give leaseTable/],
    ["a table name that is none", withOptions({ leaseTable: "a b" }), /leaseTable must be/],
    ["a failover time of nothing", withOptions({ leases: { failoverTimeMs: 0 } }), /failoverTimeMs/],
    ["an endpoint that is no URL", withOptions({ endpoints: { kinesis: "localhost" } }), /must be a URL/],
    [
      "an endpoint in the clear on another machine",
      withOptions({ endpoints: { kinesis: "http://169.254.169.254" } }),
      /endpoints.kinesis is http to another machine/,
    ],
    [
      "an endpoint with credentials in it",
      withOptions({ endpoints: { dynamodb: "https://user:secret@host" } }),
      /endpoints.dynamodb must not hold credentials/,
    ],
  ];
  it.each(cases)("%s: one sentence that names the option", async (_name, options, sentence) => {
    const failed = startConnector(options);
    await expect(failed).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
    await expect(failed).rejects.toThrow(sentence);
    await expect(failed).rejects.not.toThrow(/secret/);
  });
});

describe("what is found out at the start", () => {
  it("a missing stream: nothing is created, and the emitter is never opened", async () => {
    await using local = await startAws();
    const collected = collector();
    const failed = startConnector({
      ...optionsFor(local, textPipeline(collected.emitter)),
      stream: "no-such-stream",
    });
    await expect(failed).rejects.toMatchObject({ code: "KC_STREAM_MISSING" });
    await expect(failed).rejects.toThrow(/no-such-stream does not exist .* check the option stream/);
    expect(local.journal.entries({ server: "dynamodb" })).toEqual([]);
    expect(collected.opened()).toBe(0);
  });

  it("S05 wrong credentials: named, with the cure, and without the credentials", async () => {
    await using local = await startAws();
    local.faults.add({
      server: "kinesis",
      effect: {
        kind: "error",
        status: 400,
        code: "UnrecognizedClientException",
        message: "The token is invalid.",
      },
    });
    const failed = startConnector({
      ...optionsFor(local, pipeline),
      credentials: { accessKeyId: "AKIDCANARY", secretAccessKey: "canary-secret" },
    });
    await expect(failed).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    await expect(failed).rejects.toThrow(/Check the credentials/);
    await expect(failed).rejects.not.toThrow(/canary/i);
  });

  it("no credentials at all: named, with the cure", async () => {
    await using local = await startAws();
    const failed = startConnector({
      ...optionsFor(local, pipeline),
      credentials: () => {
        const error = new Error("Could not load credentials from any providers");
        error.name = "CredentialsProviderError";
        return Promise.reject(error);
      },
    });
    await expect(failed).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    await expect(failed).rejects.toThrow(/Check the credentials/);
  });

  it("no rights on the stream: names the right that is missing", async () => {
    await using local = await startAws();
    local.faults.add({
      server: "kinesis",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    await expect(startConnector(optionsFor(local, pipeline))).rejects.toThrow(
      /Allow kinesis:DescribeStreamSummary/,
    );
  });

  it("no rights on the lease table: named, and what was opened is closed again", async () => {
    await using local = await startAws();
    local.faults.add({
      server: "dynamodb",
      times: "always",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    const collected = collector();
    const failed = startConnector(optionsFor(local, textPipeline(collected.emitter)));
    await expect(failed).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
    expect([collected.opened(), collected.closed()]).toEqual([1, 1]);
  });

  it("an emitter that cannot open: its own error, and nothing is leased", async () => {
    await using local = await startAws();
    const broken = { ...collector().emitter, open: () => Promise.reject(new Error("the bucket is missing")) };
    await expect(startConnector(optionsFor(local, textPipeline(broken)))).rejects.toThrow(
      "the bucket is missing",
    );
    expect(local.journal.entries({ server: "dynamodb" })).toEqual([]);
  });

  it("F45 a signal that is aborted already: nothing is started", async () => {
    await using local = await startAws();
    const signal = AbortSignal.abort(new Error("not today"));
    await expect(startConnector({ ...optionsFor(local, pipeline), signal })).rejects.toThrow("not today");
    expect(local.journal.entries()).toEqual([]);
  });

  it("a caller's own clients are used, and stay open", async () => {
    await using local = await startAws();
    const dynamodb = new DynamoDBClient(local.clientOptions("dynamodb"));
    const connector = await startConnector({
      ...optionsFor(local, pipeline),
      clients: { dynamodb },
      logger: silentLogger,
    });
    await connector.stop();
    const { TableNames } = await dynamodb.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(["clicks-to-memory"]);
    dynamodb.destroy();
  });
});
