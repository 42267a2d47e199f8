import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";

import {
  definePipeline,
  type Logger,
  silentLogger,
  sleep,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import { memoryLeases } from "@kinesis-connectors/leases";
import { afterEach, describe, expect, it, vi } from "vitest";

import { startConnector } from "../../src/connector.js";
import { type ChannelMessage, EventChannels } from "../../src/event-channels.js";
import type { ConnectorEvent, EventsDropped } from "../../src/events.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

/** Runs a connector until it has delivered so many records, with something to watch it. */
async function deliver(
  count: number,
  more: { readonly observe?: (event: ConnectorEvent) => void; readonly logger?: Logger },
): Promise<{ readonly iterated: (ConnectorEvent | EventsDropped)[]; readonly ownerId: string }> {
  await using local = await startAws({ shards: 2 });
  local.kinesis.putRecords(STREAM, numbered(1, count));
  const collected = collector();
  const connector = await startConnector({
    ...optionsFor(local, textPipeline(collected.emitter)),
    ...more,
  });
  const iterated: (ConnectorEvent | EventsDropped)[] = [];
  for await (const event of connector) {
    iterated.push(event);
    if (connector.progress().recordsEmitted === count) void connector.stop();
  }
  expect(collected.all()).toHaveLength(count);
  return { iterated, ownerId: connector.ownerId };
}

describe("the option observe", () => {
  it("is called with every event, in order, before whoever iterates, and progress counts it already", async () => {
    const observed: ConnectorEvent[] = [];
    const { iterated } = await deliver(100, { observe: (event) => void observed.push(event) });
    const types = observed.map(({ type }) => type);
    // What happened before anybody could iterate is told here alone.
    const first = observed.findIndex((event) => event === iterated[0]);
    expect(first).toBeGreaterThan(0);
    expect(types.slice(0, first)).toContain("worker-start");
    expect(types.slice(0, first)).toContain("connector-start");
    expect(iterated).toEqual(observed.slice(first));
    expect(types.at(-1)).toBe("connector-stop");
    const sum = (name: "read" | "emitted"): number =>
      observed.reduce((all, event) => all + (event.type === "checkpoint-commit" ? event[name] : 0), 0);
    expect([sum("read"), sum("emitted")]).toEqual([100, 100]);
  });

  it("sees what a slow iteration misses", async () => {
    await using local = await startAws();
    local.kinesis.putRecords(STREAM, numbered(1, 3_000));
    const observed: ConnectorEvent[] = [];
    const pipeline = definePipeline({
      transformer: text(),
      emitter: collector().emitter,
      buffer: { maxRecords: 1 },
    });
    await using connector = await startConnector({
      ...optionsFor(local, pipeline),
      leaseTable: memoryLeases().connect(),
      observe: (event) => void observed.push(event),
    });
    const events = connector[Symbol.asyncIterator]();
    const first = (await events.next()).value as ConnectorEvent;
    await until(() => connector.progress().recordsEmitted === 3_000);
    await connector.stop();
    const second = (await events.next()).value as EventsDropped;
    expect(second.type).toBe("events-drop");
    const since = observed.slice(observed.indexOf(first));
    expect(since.length).toBe(1 + second.count + 10_000);
    expect(since.filter(({ type }) => type === "checkpoint-commit")).toHaveLength(3_000);
  });

  it.each([
    [
      "throws",
      (): void => {
        throw new Error("broken");
      },
    ],
    ["rejects", (): Promise<void> => Promise.reject(new Error("broken"))],
  ])(
    "may fail without harm: one that %s is told once in the log, and nothing else happens",
    async (_how, broken) => {
      const errors: { readonly fields: object; readonly message: string }[] = [];
      const logger: Logger = {
        ...silentLogger,
        error: (fields, message) => void errors.push({ fields, message: message ?? "" }),
      };
      let calls = 0;
      await deliver(50, {
        logger,
        observe: () => {
          calls += 1;
          return broken();
        },
      });
      expect(calls).toBeGreaterThan(5);
      expect(errors).toEqual([
        {
          fields: expect.objectContaining({ error: "Error" }),
          message: expect.stringContaining("observe threw"),
        },
      ]);
    },
  );

  it("must be a function", async () => {
    const options = { application: "orders", stream: "orders", pipeline: textPipeline(collector().emitter) };
    // @ts-expect-error: no function
    await expect(startConnector({ ...options, observe: "events" })).rejects.toThrow(
      "observe must be a function",
    );
  });
});

describe("the channels of node:diagnostics_channel", () => {
  const heard: { readonly name: string; readonly message: unknown }[] = [];
  const listener = (message: unknown, name: string | symbol): void =>
    void heard.push({ name: String(name), message });
  const NAMES = ["kinesis-connectors:checkpoint-commit", "kinesis-connectors:connector-stop"];

  afterEach(() => {
    for (const name of NAMES) unsubscribe(name, listener);
    heard.length = 0;
    vi.restoreAllMocks();
  });

  it("carry each event to who subscribed to its type, with whose it is", async () => {
    for (const name of NAMES) subscribe(name, listener);
    const observed: ConnectorEvent[] = [];
    const { ownerId } = await deliver(100, { observe: (event) => void observed.push(event) });
    const wanted = observed
      .filter(({ type }) => type === "checkpoint-commit" || type === "connector-stop")
      .map((event) => ({
        name: `kinesis-connectors:${event.type}`,
        message: { application: "clicks-to-memory", stream: STREAM, ownerId, event },
      }));
    expect(wanted.length).toBeGreaterThan(2);
    expect(heard).toEqual(wanted);
  });

  it("build nothing while nobody listens", () => {
    const channels = new EventChannels({ application: "a", stream: "s", ownerId: "o:1" });
    const unheard = channel("kinesis-connectors:lease-delete");
    const publish = vi.spyOn(unheard, "publish");
    channels.publish({ type: "lease-delete", shardId: "0" });
    expect(unheard.hasSubscribers).toBe(false);
    expect(publish).not.toHaveBeenCalled();
  });

  it("tell from the moment that somebody subscribes until he leaves", () => {
    const channels = new EventChannels({ application: "a", stream: "s", ownerId: "o:1" });
    const event: ConnectorEvent = { type: "connector-stop" };
    channels.publish(event);
    subscribe("kinesis-connectors:connector-stop", listener);
    channels.publish(event);
    unsubscribe("kinesis-connectors:connector-stop", listener);
    channels.publish(event);
    const message: ChannelMessage = { application: "a", stream: "s", ownerId: "o:1", event };
    expect(heard).toEqual([{ name: "kinesis-connectors:connector-stop", message }]);
  });

  it("survive the garbage collector: a subscriber that came before the connector goes on to hear", async () => {
    subscribe("kinesis-connectors:connector-stop", listener);
    await sleep(systemClock, 1);
    await deliver(10, {});
    await deliver(10, {});
    expect(heard).toHaveLength(2);
  });
});
