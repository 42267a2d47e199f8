import { describe, expect, it } from "vitest";
import { ServerRefusal, type View, Watch } from "../app/model/watch.js";
import { shardOf, stateOf } from "./states.js";

interface Asked {
  readonly path: string;
  readonly init: RequestInit;
}

/** A server and a clock that do what a test says. */
class Outside {
  readonly asked: Asked[] = [];
  readonly views: View[] = [];
  nowMs = 0;
  answer: (asked: Asked) => Response = ({ path }) =>
    Response.json(
      path.endsWith("/connectors")
        ? { connectors: [{ name: "click-archive" }, { name: "other/one" }] }
        : stateOf([shardOf(0)]),
    );
  #waiting: { readonly call: () => void; readonly afterMs: number }[] = [];

  watch(token?: string): Watch {
    return new Watch(
      {
        fetch: async (path, init) => {
          this.asked.push({ path, init });
          return this.answer({ path, init });
        },
        now: () => this.nowMs,
        later: (afterMs, call) => {
          const entry = { call, afterMs };
          this.#waiting.push(entry);
          return () => {
            this.#waiting = this.#waiting.filter((one) => one !== entry);
          };
        },
      },
      token,
      (view) => this.views.push(view),
    );
  }

  /** How many looks are to come. */
  get waiting(): readonly number[] {
    return this.#waiting.map(({ afterMs }) => afterMs);
  }
}

describe("the watch", () => {
  it("asks for the applications once and for the first of them again and again, with the token as a header", async () => {
    const outside = new Outside();
    const watch = outside.watch("secret");
    await watch.look();
    await watch.look();
    expect(outside.asked.map(({ path }) => path)).toEqual([
      "api/v1/connectors",
      "api/v1/connectors/click-archive/console",
      "api/v1/connectors/click-archive/console",
    ]);
    for (const { init } of outside.asked)
      expect(init.headers).toMatchObject({ authorization: "Bearer secret" });
    expect(outside.asked.some(({ path }) => path.includes("secret"))).toBe(false);
    expect(watch.view).toMatchObject({
      link: { type: "connected" },
      verdict: { word: "ok" },
      rows: [{ state: "reading" }],
    });
    expect(outside.waiting).toEqual([2_000]);
  });

  it("keeps what it saw when the server has gone, says since when, and goes on when it is back", async () => {
    const outside = new Outside();
    const watch = outside.watch();
    await watch.look();
    const { answer } = outside;
    outside.answer = () => {
      throw new TypeError("Failed to fetch");
    };
    outside.nowMs = 5_000;
    await watch.look();
    outside.nowMs = 9_000;
    await watch.look();
    expect(watch.view).toMatchObject({
      link: { type: "lost", sinceMs: 5_000 },
      rows: [{ state: "reading" }],
    });
    outside.answer = answer;
    await watch.look();
    expect(watch.view.link).toEqual({ type: "connected" });
  });

  it("asks for a token where one is wanted, and tells a wrong one from none", async () => {
    const outside = new Outside();
    const { answer } = outside;
    const refuse = (code: string) => () => Response.json({ error: { code, message: "" } }, { status: 401 });
    outside.answer = refuse("token-missing");
    const watch = outside.watch();
    await watch.look();
    expect(watch.view.link).toEqual({ type: "token-wanted", wasRefused: false });
    outside.answer = refuse("token-refused");
    watch.useToken("wrong");
    await watch.look();
    await expect.poll(() => watch.view.link).toEqual({ type: "token-wanted", wasRefused: true });
    outside.answer = answer;
    watch.useToken("right");
    await expect.poll(() => watch.view.link).toEqual({ type: "connected" });
  });

  it("forgets the rows of one application when another is chosen, and never mixes them", async () => {
    const outside = new Outside();
    const watch = outside.watch();
    await watch.look();
    watch.choose("other/one");
    expect(watch.view.state).toBeUndefined();
    await expect.poll(() => outside.asked.at(-1)?.path).toBe("api/v1/connectors/other%2Fone/console");
  });

  it("a change is one POST with the shards that are meant, and what the server refuses is its own words", async () => {
    const outside = new Outside();
    const watch = outside.watch();
    await watch.look();
    outside.answer = ({ path }) =>
      path.endsWith("/reset")
        ? Response.json(
            { error: { code: "KC_STEERING_REFUSED", message: "pause it first" } },
            { status: 409 },
          )
        : Response.json({});
    await watch.steer("pause", ["shardId-000000000000"]);
    const { path, init } =
      outside.asked.find(({ init: { method } }) => method === "POST") ?? outside.asked[0]!;
    expect([path, init.body]).toEqual([
      "api/v1/connectors/click-archive/pause",
      JSON.stringify({ shardIds: ["shardId-000000000000"] }),
    ]);
    await expect(
      watch.reset({ shardIds: undefined, to: "horizon", discardPending: false, execute: true }),
    ).rejects.toEqual(new ServerRefusal(409, "KC_STEERING_REFUSED", "pause it first"));
  });
});
