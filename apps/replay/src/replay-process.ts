import { fileLeases } from "@kinesis-connectors/leases";
import { startReplay, streamRange } from "@kinesis-connectors/replay";
import { archivePipeline } from "./archive.js";
import type { ReplayMessage, ReplaySetup } from "./protocol.js";

/** The replay, a process of its own: it can be killed, and goes on with the rows in its folder. */
const setup = JSON.parse(process.argv[2] ?? "") as ReplaySetup;
const { stream, application, kinesis, maxBytesPerSecond, leaseFolder } = setup;
const tell = (message: ReplayMessage): void => void process.send?.(message);

const replay = await startReplay({
  application,
  pipeline: archivePipeline(setup),
  source: streamRange({ stream, from: new Date(setup.fromMs), until: new Date(setup.untilMs), ...kinesis }),
  leaseTable: fileLeases({ folder: leaseFolder }),
  maxBytesPerSecond,
  observe: ({ type }) => {
    if (type === "checkpoint-commit") tell({ type: "commit" });
  },
});
const { isComplete, recordsRead } = await replay.done;
tell({ type: "done", isComplete, recordsRead });
process.disconnect?.();
