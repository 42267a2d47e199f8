import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fileLeases } from "../../dist/index.js";

const PROGRAM = fileURLToPath(new URL("./programs/committing.mjs", import.meta.url));
const KILLS = 8;

/** A process that commits, with the last number that it was told to be on the disk. */
function committing(
  folder: string,
  ownerId: string,
): { readonly child: ChildProcess; readonly last: () => number } {
  const child = spawn(process.execPath, [PROGRAM, folder, ownerId], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const last = (): number =>
    Number(
      text
        .slice(0, text.lastIndexOf("\n") + 1)
        .trimEnd()
        .split("\n")
        .at(-1) ?? 0,
    );
  return { child, last };
}

test("a process that is killed loses no acknowledged write, the next one goes on, and no two have the folder at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "killed-leases-"));
  try {
    let before = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const { child, last } = committing(folder, `process:${kill}`);
      const exit = once(child, "exit");
      await expect.poll(last, { interval: 5 }).toBeGreaterThan(before + kill);
      await expect(fileLeases({ folder }).open()).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
      child.kill("SIGKILL");
      await exit;
      const table = fileLeases({ folder });
      await table.open();
      const row = await table.get("s0");
      table.close?.();
      const committed = typeof row?.checkpoint === "object" ? Number(row.checkpoint.sequenceNumber) : 0;
      // What the process had written and not yet been told may be there.
      expect(committed).toBeGreaterThanOrEqual(last());
      expect(row?.owner).toBe(`process:${kill}`);
      before = committed;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
