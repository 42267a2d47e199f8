import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const PROCESSES = fileURLToPath(new URL("../processes.mjs", import.meta.url));

/** A command that has started a server and made a folder; the server says when it is there. */
const COMMAND = `
import { atEnd, start } from ${JSON.stringify(PROCESSES)};
atEnd(() => process.env.FOLDER);
const server = start(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], { cwd: process.env.FOLDER });
await server.until(() => server.stdout() !== "", "no server");
console.log(server.child.pid);
`;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("a command that starts servers", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "leaves neither them nor its folder when %s ends it",
    async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), "kc-processes-"));
      const command = spawn(process.execPath, ["--input-type=module", "-e", COMMAND], {
        env: { ...process.env, FOLDER: folder },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const server = await new Promise<number>((resolve) => {
        command.stdout.once("data", (chunk) => resolve(Number(String(chunk))));
      });
      expect([isAlive(server), existsSync(folder)]).toEqual([true, true]);
      command.kill(signal);
      const code = await new Promise<number | null>((resolve) => {
        command.once("close", resolve);
      });
      expect(code).toBeGreaterThan(128);
      await expect.poll(() => isAlive(server)).toBe(false);
      expect(existsSync(folder)).toBe(false);
    },
  );
});
