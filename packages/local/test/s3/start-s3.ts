import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { seededRandom, systemClock, type Clock } from "../../src/clock.js";
import { createFaults, type Faults } from "../../src/faults.js";
import { createJournal, type Journal } from "../../src/journal.js";
import { startS3Server, type S3Server, type S3ServerOptions } from "../../src/s3/s3-server.js";

/** A local S3 and a client with default settings but for the address. */
export interface RunningS3 {
  readonly server: S3Server;
  readonly client: S3Client;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly newClient: (config?: S3ClientConfig) => S3Client;
  readonly stop: () => Promise<void>;
}

export const ACCOUNT_ID = "123456789012";

export async function startS3(
  options: Partial<S3ServerOptions> & { readonly clock?: Clock } = {},
): Promise<RunningS3> {
  const clock = options.clock ?? systemClock;
  const random = seededRandom(1);
  const journal = createJournal({ clock });
  const faults = createFaults({ clock, random });
  const server = await startS3Server({
    random,
    journal,
    faults,
    region: "us-east-1",
    accountId: ACCOUNT_ID,
    buckets: ["things"],
    ...options,
    clock,
  });
  const clients: S3Client[] = [];
  const newClient = (config: S3ClientConfig = {}): S3Client => {
    const client = new S3Client({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      forcePathStyle: true,
      ...config,
    });
    clients.push(client);
    return client;
  };
  return {
    server,
    client: newClient(),
    journal,
    faults,
    newClient,
    stop: async () => {
      for (const client of clients) client.destroy();
      await server.close();
    },
  };
}

/** How an SDK call ended: `"ok"`, or the name and status of its error. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${name} ${$metadata?.httpStatusCode ?? "no answer"}`;
  }
}
