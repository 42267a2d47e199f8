import type { Flags } from "./flags.js";
import { type LocalAws, startLocalAws } from "./local-aws.js";

/** What the command line asked for, running. */
export interface Asked {
  readonly local: LocalAws;
  readonly queueUrls: readonly string[];
}

/** Starts the servers and makes what they are to have. A name that is none leaves nothing running: servers would keep the process. */
export async function startAsked({ streams, shardCount, queues, aws }: Flags): Promise<Asked> {
  const local = await startLocalAws(aws);
  try {
    for (const name of new Set(streams)) local.kinesis.createStream({ name, shardCount });
    return { local, queueUrls: [...new Set(queues)].map((name) => local.sqs.createQueue(name)) };
  } catch (error) {
    await local.close();
    throw error;
  }
}
