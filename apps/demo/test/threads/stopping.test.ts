import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("Ctrl-C ends the demo with its totals and exit code 130", async () => {
  const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const child = spawn(process.execPath, [program, "--records", "10000000"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  const reading = new Promise<void>((resolve) => {
    child.stderr.on("data", (chunk: Buffer) => {
      if (/read [1-9]/.test(chunk.toString())) resolve();
    });
  });
  await reading;
  child.kill("SIGINT");
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).toBe(130);
  expect(out).toMatch(/^stopped after [\d.]+ s: put \d+ {2}read \d+ {2}delivered \d+ {2}/);
});
