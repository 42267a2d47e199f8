import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { recordCount, toggle } from "../src/flags.js";
import { ProgressBar } from "../src/progress-bar.js";
import { exitCodeOf, type Running, type Verdict } from "../src/run-sample.js";

const FLAGS = { records: recordCount(3), json: toggle } as const;

/** Runs a sample and gives its exit code and all that it wrote. */
async function ran(
  run: (
    flags: { readonly records: number; readonly json: boolean },
    running: Running,
  ) => Promise<Verdict | void>,
  args: readonly string[] = [],
  signal: AbortSignal = new AbortController().signal,
) {
  let out = "";
  let error = "";
  const terminal = {
    args,
    out: (text: string) => void (out += text),
    error: (text: string) => void (error += text),
    bar: new ProgressBar({ write: (text) => (error += text) }),
    debug: false,
  };
  const code = await exitCodeOf("the-sample", { usage: "the usage", flags: FLAGS, run }, signal, terminal);
  return { code, out, error };
}

const verdict = (isRight: boolean): Verdict => ({
  lines: [
    ["put", 3],
    ["delivered", "three"],
  ],
  isRight,
  says: ["all is there", "NOT ALL IS THERE"],
  result: { put: 3 },
});

describe("a sample", () => {
  it("prints its figures below each other, its verdict, and JSON last where that is wanted", async () => {
    expect(await ran(() => Promise.resolve(verdict(true)), ["--json"])).toEqual({
      code: 0,
      out: 'put        3\ndelivered  three\nall is there\n{"put":3}\n',
      error: "",
    });
  });

  it("ends with 1 when it is not right", async () => {
    expect(await ran(() => Promise.resolve(verdict(false)))).toMatchObject({
      code: 1,
      out: expect.stringContaining("NOT ALL IS THERE") as string,
    });
  });

  it("says an error in one line: 2 for a flag, 1 for anything else", async () => {
    expect(await ran(() => Promise.resolve(), ["--records", "none"])).toMatchObject({
      code: 2,
      error: 'the-sample: --records takes a whole number from 1 to 10000000, but got "none"\n',
    });
    expect(await ran(() => Promise.reject(new Error("no rights")))).toMatchObject({
      code: 1,
      error: "the-sample: no rights\n",
    });
  });

  it("prints its usage without running", async () => {
    const result = await ran(() => Promise.reject(new Error("it ran")), ["--help", "--json"]);
    expect(result).toEqual({ code: 0, out: "the usage\n", error: "" });
  });

  it("says the totals when it is stopped, and no error", async () => {
    const stop = new AbortController();
    const result = await ran(
      async (_flags, { signal, progress }) => {
        let put = 0;
        using _watched = progress.watch(() => ({ share: undefined, text: `put ${put}` }));
        put = 17;
        stop.abort(new Error("stopped"));
        await wait(60_000, undefined, { signal });
      },
      [],
      stop.signal,
    );
    expect(result).toMatchObject({ code: 0, error: "put 17\n" });
    expect(result.out).toMatch(/^stopped after \d+\.\d s: put 17\n$/);
  });

  it("still tells of an error that comes while it is stopped", async () => {
    const stop = new AbortController();
    const run = (): Promise<void> => {
      stop.abort();
      return Promise.reject(new Error("the last batch was refused"));
    };
    expect(await ran(run, [], stop.signal)).toMatchObject({
      code: 1,
      error: "the-sample: the last batch was refused\n",
    });
  });
});
