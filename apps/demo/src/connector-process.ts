import { archivePipeline } from "@kinesis-connectors/app-archive-to-s3";
import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import { asError } from "@kinesis-connectors/core";
import { archiveModule } from "./archive-module.js";
import type { ConnectorJob, ConnectorSays } from "./messages.js";

// The connector of the demo in a process of its own, so that what it costs is told from what producer and servers cost. Ends with the one who started it.
const say = (said: ConnectorSays): Promise<void> =>
  new Promise((resolve) => void process.send?.(said, () => resolve()));
const TELL_MS = 20;

const stop = new AbortController();
process.on("disconnect", () => process.exit(1));
// Ctrl-C goes to the whole group; the demo says when to stop.
process.on("SIGINT", () => undefined);
process.on("message", (message) => {
  if (message === "stop") stop.abort();
  else void run(message as ConnectorJob);
});

async function run({ options, archive, threads }: ConnectorJob): Promise<void> {
  try {
    const connector = await startConnector({
      ...options,
      signal: stop.signal,
      ...(threads === undefined
        ? { pipeline: archivePipeline(archive) }
        : { pipeline: archiveModule(archive), threads }),
    });
    const startCpuSeconds = cpuSeconds();
    const telling = setInterval(() => void say(progressOf(connector)), TELL_MS);
    try {
      await connector.done;
    } finally {
      clearInterval(telling);
    }
    await say(progressOf(connector));
    await say({ ended: { startCpuSeconds, cpuSeconds: cpuSeconds() - startCpuSeconds } });
  } catch (thrown) {
    await say({ failed: asError(thrown).message });
  }
  process.exit();
}

function progressOf(connector: Connector): ConnectorSays {
  const { recordsRead, recordsEmitted, shards } = connector.progress();
  return {
    progress: {
      recordsRead,
      recordsEmitted,
      shards: shards.map(({ millisBehindLatest }) => ({ millisBehindLatest })),
    },
  };
}

/** User and system time of this process, all its threads included. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
