import { KinesisClient, type KinesisClientConfig } from "@aws-sdk/client-kinesis";
import { onTestFinished } from "vitest";
import { seededRandom, virtualClock, type VirtualClock } from "../../src/clock.js";
import { createFaults, type Faults } from "../../src/faults.js";
import { createJournal, type Journal } from "../../src/journal.js";
import { type KinesisOptions, type KinesisServer, startKinesisServer } from "../../src/kinesis/server.js";

export interface Setup {
  readonly server: KinesisServer;
  readonly client: KinesisClient;
  readonly clock: VirtualClock;
  readonly faults: Faults;
  readonly journal: Journal;
  /** A client with other settings; closed with the test. */
  readonly clientWith: (config: Partial<KinesisClientConfig>) => KinesisClient;
}

/** A server on a virtual clock and the SDK's client with its default settings but for endpoint and credentials. */
export async function setup(options: KinesisOptions = {}): Promise<Setup> {
  const clock = virtualClock();
  const random = seededRandom(1);
  const journal = createJournal({ clock });
  const faults = createFaults({ clock, random });
  const server = await startKinesisServer(
    { clock, random, journal, faults, region: "eu-central-1", accountId: "000000000000" },
    { limits: "off", ...options },
  );
  const clientWith = (config: Partial<KinesisClientConfig>): KinesisClient => {
    const client = new KinesisClient({
      endpoint: server.url,
      region: "eu-central-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      ...config,
    });
    onTestFinished(() => {
      client.destroy();
    });
    return client;
  };
  onTestFinished(() => server.close());
  return { server, clock, faults, journal, clientWith, client: clientWith({ maxAttempts: 1 }) };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const words = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);
