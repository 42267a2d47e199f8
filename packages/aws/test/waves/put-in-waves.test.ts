import { KinesisConnectorError } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import {
  ALL_WRITTEN,
  putInWaves,
  putLanesInWaves,
  type RequestFailure,
  type Wave,
  type WaveOptions,
} from "../../src/index.js";

interface Item {
  readonly id: number;
  readonly lane: string;
  readonly bytes: number;
  readonly count: number;
}

const items = (lanes: string): Item[] =>
  Array.from(lanes, (lane, id): Item => ({ id, lane, bytes: 1, count: 1 }));

/** A service that says of each request what the test says, by its number from 1. */
function serviceOf(
  answer: (number: number, ids: readonly number[]) => Wave | Error,
  changes: Partial<WaveOptions<Item>> = {},
) {
  const requests: number[][] = [];
  let refreshed = 0;
  const options: WaveOptions<Item> = {
    limits: { maxRequestEntries: 3, maxRequestBytes: 100 },
    put: (puts) => {
      const ids = puts.map(({ id }) => id);
      requests.push(ids);
      const wave = answer(requests.length, ids);
      return wave instanceof Error ? Promise.reject(wave) : Promise.resolve(wave);
    },
    failures: {
      failureOf: ({ message }: Error): RequestFailure =>
        message === "expired"
          ? { kind: "expired" }
          : message === "wrong"
            ? { kind: "refused", cure: "mend it" }
            : { kind: "retry" },
      refusal: (cure) => new KinesisConnectorError("KC_EMIT_REFUSED", cure),
      summaryOf: (error) => new Error(`summary of ${String(error)}`),
      isOutage: ({ message }) => message.startsWith("slow"),
    } as WaveOptions<Item>["failures"],
    connection: {
      renewsCredentials: true,
      refreshCredentials: () => {
        refreshed += 1;
        return Promise.resolve();
      },
    },
    signal: new AbortController().signal,
    ...changes,
  };
  return { options, requests, refreshed: () => refreshed };
}

const lanes = {
  laneOf: ({ lane }: Item) => lane,
  pack: (all: readonly Item[], at: number) => all[at] as Item,
};
const failing = (...places: readonly number[]): Wave => ({
  failed: new Map(places.map((place) => [place, new Error(`refused at ${place}`)])),
});

describe("putting in waves", () => {
  it("fills requests and gives back only what was refused, with its reason", async () => {
    const { options, requests } = serviceOf((number) => (number === 1 ? failing(1) : ALL_WRITTEN));
    const unsettled = await putInWaves(items("aaaaa"), options);
    expect(requests).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect(unsettled.items.map(({ id }) => id)).toEqual([1]);
    expect(unsettled.error.message).toBe("refused at 1");
  });

  it("keeps the order of each lane: what follows a refused entry waits, other lanes go on", async () => {
    const { options, requests } = serviceOf((number) => (number === 1 ? failing(0) : ALL_WRITTEN));
    const unsettled = await putLanesInWaves(items("ababab"), { ...options, ...lanes });
    expect(requests).toEqual([[0, 1], [3], [5]]);
    expect(unsettled.items.map(({ id }) => id)).toEqual([0, 2, 4]);
  });

  it("tells what waits behind a refused entry, or behind the end of the requests, from what was refused", async () => {
    const behind = async (
      letters: string,
      answer: (number: number) => Wave | Error,
    ): Promise<readonly number[]> => {
      const { items: left, untried } = await putLanesInWaves(items(letters), {
        ...serviceOf(answer).options,
        ...lanes,
      });
      return left.flatMap((item) => (untried.has(item) ? [item.id] : []));
    };
    expect(await behind("ababab", (number) => (number === 1 ? failing(0) : ALL_WRITTEN))).toEqual([2, 4]);
    expect(await behind("abab", (number) => (number === 1 ? failing(0, 1) : ALL_WRITTEN))).toEqual([2, 3]);
    expect(await behind("abcdefga", (number) => (number === 2 ? new Error("reset") : ALL_WRITTEN))).toEqual([
      5, 6,
    ]);
  });

  it("rejects where nothing is written and the service takes nothing for now; not where one entry is refused, or written", async () => {
    const slow = (...places: readonly number[]): Wave => ({
      failed: new Map(places.map((place) => [place, new Error(`slow down at ${place}`)])),
    });
    await expect(putInWaves(items("aaaa"), serviceOf(() => slow(0, 1, 2)).options)).rejects.toThrow(
      "slow down",
    );
    const lanesOf = { ...serviceOf(() => slow(0)).options, ...lanes };
    await expect(putLanesInWaves(items("aaaa"), lanesOf)).rejects.toThrow("slow down");
    const refused = await putInWaves(
      items("aaaa"),
      serviceOf((n) => (n === 1 ? slow(0, 1, 2) : failing(0))).options,
    );
    expect(refused.items).toHaveLength(4);
    const written = await putInWaves(
      items("aaaa"),
      serviceOf((n) => (n === 1 ? slow(0, 1, 2) : ALL_WRITTEN)).options,
    );
    expect(written.items.map(({ id }) => id)).toEqual([0, 1, 2]);
  });

  it("rejects when the first request fails, and gives back the rest when a later one does", async () => {
    const first = serviceOf(() => new Error("reset"));
    await expect(putInWaves(items("aaaaa"), first.options)).rejects.toThrow("summary of Error: reset");
    const second = serviceOf((number) => (number === 2 ? new Error("reset") : ALL_WRITTEN));
    const unsettled = await putInWaves(items("aaaaa"), second.options);
    expect(unsettled.items.map(({ id }) => id)).toEqual([3, 4]);
    expect(unsettled.error.message).toBe("summary of Error: reset");
  });

  it("stops with the cure for what no repetition mends, though something was written", async () => {
    const { options } = serviceOf((number) => (number === 2 ? new Error("wrong") : ALL_WRITTEN));
    await expect(putInWaves(items("aaaaa"), options)).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
  });

  it("fetches credentials once, and waits for them only where they are renewed", async () => {
    const once = serviceOf((number) => (number === 1 ? new Error("expired") : ALL_WRITTEN));
    expect((await putInWaves(items("aa"), once.options)).items).toEqual([]);
    expect(once.refreshed()).toBe(1);
    const given = serviceOf(() => new Error("expired"), {
      connection: { renewsCredentials: false, refreshCredentials: () => Promise.resolve() },
    });
    await expect(putInWaves(items("aa"), given.options)).rejects.toMatchObject({ code: "KC_EMIT_REFUSED" });
  });

  it("ends where the destination says so, and rejects with the abort's own reason", async () => {
    const stop = new Error("resharded");
    const ended = serviceOf(() => ({ failed: new Map(), stop }));
    const unsettled = await putInWaves(items("aaaaa"), ended.options);
    expect(unsettled.items.map(({ id }) => id)).toEqual([3, 4]);
    expect(unsettled.error).toBe(stop);
    const abort = new AbortController();
    const reason = new Error("stopped");
    const aborted = serviceOf(
      () => {
        abort.abort(reason);
        return new Error("reset");
      },
      { signal: abort.signal },
    );
    await expect(putInWaves(items("a"), aborted.options)).rejects.toBe(reason);
  });
});
