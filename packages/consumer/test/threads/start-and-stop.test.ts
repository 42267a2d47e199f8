import { KinesisConnectorError, sleep, systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../dist/index.js";
import { startFarServer } from "../support/far-server.js";
import { numbered, startAws, STREAM, until } from "../connector/support.js";
import { inStream, listening, moduleOf, runProcess, threadedOptions } from "./support.js";

describe("starting on threads", () => {
  it("fails with the error of an emitter that cannot open; what was opened is closed, and nothing is leased", async () => {
    await using local = await startAws();
    using told = listening();
    const failed = startConnector(threadedOptions(local, moduleOf("stubborn", told, { which: "open" }), 2));
    await expect(failed).rejects.toBeInstanceOf(KinesisConnectorError);
    await expect(failed).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: "the table is missing: create it",
      cause: { name: "ResourceNotFoundException", message: "no such table", code: "404" },
    });
    expect(told.life()).toEqual({ opened: 2, closed: 2 });
    expect(local.journal.entries({ server: "dynamodb" })).toEqual([]);
  });

  it("refuses an endpoint over http on another machine that only a thread's environment names, before anything is sent there", async () => {
    await using local = await startAws();
    await using far = await startFarServer();
    using told = listening();
    const { endpoints, ...options } = threadedOptions(
      local,
      moduleOf("far-endpoint", told, { endpoint: far.url }),
      1,
    );
    const dynamodb = endpoints?.dynamodb ?? "";
    process.env["AWS_ENDPOINT_URL_KINESIS"] = local.endpoints.kinesis;
    try {
      const failed = startConnector({ ...options, endpoints: { dynamodb } });
      await expect(failed).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
      await expect(failed).rejects.toThrow(/http to another machine/);
    } finally {
      delete process.env["AWS_ENDPOINT_URL_KINESIS"];
    }
    expect(far.requests()).toBe(0);
    expect(told.life().opened).toBe(0);
    expect(local.journal.entries({ server: "dynamodb" })).toEqual([]);
  });

  it("fails with what the module says of its own options, and names a module that is none", async () => {
    await using local = await startAws();
    using told = listening();
    const start = (name: string) => startConnector(threadedOptions(local, moduleOf(name, told), 2));
    const bad = { code: "KC_OPTION_INVALID" };
    const broken = start("broken");
    await expect(broken).rejects.toMatchObject(bad);
    await expect(broken).rejects.toThrow(/emitter.emit must be a function/);
    const none = start("no-pipeline");
    await expect(none).rejects.toMatchObject(bad);
    await expect(none).rejects.toThrow(/default export of .*no-pipeline.mjs must be what definePipeline/);
    const missing = start("missing");
    await expect(missing).rejects.toMatchObject({ ...bad, cause: { code: "ERR_MODULE_NOT_FOUND" } });
    await expect(missing).rejects.toThrow(/missing.mjs cannot be imported/);
  });

  it("F45 a signal during the start gives the caller's own reason back, and leaves nothing open", async () => {
    await using local = await startAws();
    using told = listening();
    const reason = new Error("changed my mind");
    const stopping = new AbortController();
    const module = moduleOf("stubborn", told, { which: "open-forever" });
    const failed = startConnector({ ...threadedOptions(local, module, 2), signal: stopping.signal });
    const outcome = failed.catch((thrown: unknown) => thrown);
    await until(() => told.life().opened === 2);
    stopping.abort(reason);
    expect(await outcome).toBe(reason);
    expect(told.life()).toEqual({ opened: 2, closed: 2 });
  });

  it("asks a provider of credentials in the main thread", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 40));
    let asked = 0;
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("texts", told), 2),
      credentials: () => {
        asked += 1;
        const expiration = new Date(systemClock.now() + 3_600_000);
        return Promise.resolve({ accessKeyId: "AKIDPROVIDED", secretAccessKey: "provided", expiration });
      },
    });
    await until(() => told.outputs().length === 40);
    await connector.stop();
    // By the clients of the main thread: once for Kinesis and once for DynamoDB. Threads are given what it found.
    expect(asked).toBe(2);
  });

  it("waits while a provider that has worked gives nothing, tells it, and reads on: nothing is lost", async () => {
    await using local = await startAws();
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    let isWell = true;
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("texts", told), 1),
      credentials: () => {
        const error = new Error("the token of the role is gone");
        error.name = "CredentialsProviderError";
        // Over at once, so that every request asks.
        const expiration = new Date(systemClock.now() + 1_000);
        const given = { accessKeyId: "AKIDPROVIDED", secretAccessKey: "provided", expiration };
        return isWell ? Promise.resolve(given) : Promise.reject(error);
      },
    });
    const retries: unknown[] = [];
    const listened = (async () => {
      for await (const event of connector) if (event.type === "read-retry") retries.push(event);
    })();
    await until(() => told.outputs().length === 20);
    isWell = false;
    local.kinesis.putRecords(STREAM, numbered(21, 40));
    // More than a key that is wrong gets.
    await until(() => retries.length >= 3);
    expect(retries[2]).toMatchObject({
      operation: "GetRecords",
      kind: "no-credentials",
      attempt: 3,
      error: { name: "KinesisCallError", cause: { name: "CredentialsProviderError" } },
    });
    isWell = true;
    await until(() => told.outputs().length === 40);
    await connector.stop();
    await listened;
    expect(told.byShard()).toEqual(inStream(local));
  });

  it("writes lines of the threads to the connector's logger, and without one the connector's to the pipeline's", async () => {
    await using local = await startAws();
    using told = listening();
    const lines: [object, string][] = [];
    const write = (fields: object, message: string): void => void lines.push([fields, message]);
    const options = threadedOptions(local, moduleOf("texts", told), 2);
    const logging = await startConnector({
      ...options,
      logger: { debug: write, info: write, warn: write, error: write },
    });
    await logging.stop();
    const opened = lines.filter(([, message]) => message === "the emitter was opened");
    expect(opened.map(([fields]) => Object.keys(fields))).toEqual([["threadId"], ["threadId"]]);
    expect(lines.map(([, message]) => message)).toContain("connector-start");
    expect(told.log()).toEqual([]);

    const silent = await startConnector(options);
    await until(() => told.log().some(({ message }) => message === "connector-start"));
    await silent.stop();
    expect(told.log().filter(({ message }) => message === "the emitter was opened")).toHaveLength(2);
  });
});

describe("destinations on threads", () => {
  it("that are down are in the connector's log within three tries", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 50));
    const lines: { readonly fields: object; readonly message: string }[] = [];
    const nothing = (): void => undefined;
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("dead", told), 2),
      stopDeadlineMs: 500,
      logger: {
        debug: nothing,
        info: nothing,
        error: nothing,
        warn: (fields, message) => void lines.push({ fields, message }),
      },
    });
    await until(() => lines.some(({ message }) => message.startsWith("emit-retry")));
    const first = lines.find(({ message }) => message.startsWith("emit-retry"));
    expect(first?.fields).toMatchObject({ stream: STREAM, attempt: 3, error: "ECONNREFUSED" });
    expect(JSON.stringify(lines)).not.toContain("PAYLOAD");
    await connector.stop();
    await expect(connector.done).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
  });

  it("whose code has a mistake end the connector at the first batch, by name", async () => {
    await using local = await startAws();
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 50));
    const connector = await startConnector(
      threadedOptions(local, moduleOf("dead", told, { which: "mistake" }), 1),
    );
    await expect(connector.done).rejects.toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringMatching(/emitter.emit threw TypeError \(at .*dead\.mjs/),
      cause: { name: "TypeError" },
    });
  });
});

describe("stopping on threads", () => {
  it("F42 flushes and commits what was read", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 50));
    const stopping = new AbortController();
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("texts", told, { maxAgeMs: "3600000" }), 2),
      signal: stopping.signal,
    });
    await until(() => connector.progress().recordsRead === 50);
    expect(told.outputs()).toEqual([]);
    stopping.abort();
    await connector.done;
    expect(told.outputs()).toHaveLength(50);
    expect(connector.progress().recordsEmitted).toBe(50);
  });

  it("F42 ends threads whose destination takes nothing once the deadline has passed", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 50));
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("stubborn", told, { which: "emit-forever" }), 2),
      // What its leases are worth is waited for at the end.
      leases: { bootstrapJitterMs: 0, failoverTimeMs: 2_000, takePeriodMs: 50 },
      stopDeadlineMs: 100,
    });
    // More where a lease was lost on a busy machine, and read again.
    await until(() => connector.progress().recordsRead >= 50);
    await sleep(systemClock, 200);
    await connector.stop();
    await expect(connector.done).rejects.toMatchObject({
      code: "KC_STOP_DEADLINE",
      message: expect.stringContaining("the stop took longer than 100 ms"),
    });
  });

  it("ends a thread that does not get its destination closed, and says so", async () => {
    await using local = await startAws();
    using told = listening();
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("stubborn", told, { which: "close-forever" }), 2),
      stopDeadlineMs: 200,
    });
    await connector.stop();
    await expect(connector.done).rejects.toMatchObject({
      code: "KC_STOP_DEADLINE",
      message: expect.stringContaining("did not close its destinations within 200 ms"),
    });
  });

  it("says so when a thread ends before its destination is closed", async () => {
    await using local = await startAws();
    using told = listening();
    const module = moduleOf("stubborn", told, { which: "close-exits" });
    const connector = await startConnector(threadedOptions(local, module, 2));
    await connector.stop();
    await expect(connector.done).rejects.toMatchObject({
      code: "KC_THREAD_LOST",
      message: expect.stringContaining("ended from within, with exit code 3"),
    });
  });

  it("rejects with what a destination could not be closed for", async () => {
    await using local = await startAws();
    using told = listening();
    const module = moduleOf("stubborn", told, { which: "close-fails" });
    const connector = await startConnector(threadedOptions(local, module, 2));
    await connector.stop();
    await expect(connector.done).rejects.toThrow("the spool cannot be removed");
    expect(told.life()).toEqual({ opened: 2, closed: 2 });
  });

  it("keeps no process alive, whatever the pipeline has left running in its threads", async () => {
    await using local = await startAws();
    using told = listening();
    const module = moduleOf("stubborn", told, { which: "leftover" });
    const { said, exitCode } = await runProcess(threadedOptions(local, module, 2), "stop");
    expect([said, exitCode]).toEqual([{}, 0]);
  });
});
