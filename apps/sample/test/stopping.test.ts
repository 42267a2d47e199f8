import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { runSample } from "../src/run-sample.js";

const argv = process.argv;
const before = new Set(process.listeners("SIGINT"));
afterEach(() => {
  process.argv = argv;
  process.exitCode = undefined;
  for (const listener of process.listeners("SIGINT"))
    if (!before.has(listener)) process.off("SIGINT", listener);
  vi.restoreAllMocks();
});

it("a Ctrl-C that comes twice at once, passed on by the script, leaves time for the totals; a second one later ends the program", async () => {
  process.argv = argv.slice(0, 2);
  const ended = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const end = new AbortController();
  const running = runSample("sample", {
    usage: "",
    flags: {},
    run: async (_flags, { signal }) => {
      await once(end.signal, "abort");
      signal.throwIfAborted();
    },
  });
  process.emit("SIGINT");
  process.emit("SIGINT");
  expect(ended).not.toHaveBeenCalled();
  await wait(600);
  process.emit("SIGINT");
  expect(ended).toHaveBeenCalledWith(130);
  end.abort();
  await running;
  expect(process.exitCode).toBe(130);
  expect(written.join("")).toMatch(/^stopped after/);
});
