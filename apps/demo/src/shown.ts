import { startConsole } from "@kinesis-connectors/admin";
import type { Watch } from "@kinesis-connectors/app-sample";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

/** Serves the console of a connector that is watched, and prints where. */
export async function shownInBrowser(application: string, { url, table }: Watch): Promise<AsyncDisposable> {
  if (url === undefined || table === undefined)
    throw new Error("a console shows a connector that is watched");
  const token = randomBytes(24).toString("base64url");
  const server = await startConsole(new Map([[application, { table }]]), {
    token,
    allowChanges: true,
    port: 0,
    processes: [{ url, token: process.env["KC_ADMIN_TOKEN"] }],
  });
  process.stderr.write(`open it in a browser: ${server.url}/#token=${token}\nCtrl-C ends the demo\n`);
  return server;
}

const PERIOD_MS = 200;

/** Hands over some lines now and then, more and fewer of them, until it is told to stop: so that there is something to look at. */
export async function trickle(
  lines: Iterator<Buffer>,
  put: (lines: readonly Buffer[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const many = Math.round(120 + 80 * Math.sin(performance.now() / 9_000));
    const some: Buffer[] = [];
    for (let index = 0; index < many; index += 1) {
      const { value, done } = lines.next();
      if (done !== true) some.push(value);
    }
    await put(some);
    await wait(PERIOD_MS, undefined, { signal }).catch(() => undefined);
  }
}
