import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { startConsole } from "@kinesis-connectors/admin";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

/** What the console of the demo shows. */
export interface ShownOptions {
  readonly application: string;
  readonly dynamodb: DynamoDBClientConfig;
  /** The admin server of the connector. */
  readonly process: string;
}

/** Serves the console of the demo's fleet, and prints where. */
export async function shownInBrowser({
  application,
  dynamodb,
  process: url,
}: ShownOptions): Promise<AsyncDisposable> {
  const client = new DynamoDBClient(dynamodb);
  const table = dynamoDbLeaseTable({
    tableName: application,
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  const token = randomBytes(24).toString("base64url");
  const server = await startConsole(new Map([[application, { table }]]), {
    token,
    allowChanges: true,
    port: 0,
    processes: [{ url, token: process.env["KC_ADMIN_TOKEN"] }],
  });
  process.stderr.write(`open it in a browser: ${server.url}/#token=${token}\nCtrl-C ends the demo\n`);
  return {
    [Symbol.asyncDispose]: async () => {
      await server.close();
      client.destroy();
    },
  };
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
