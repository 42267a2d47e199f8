import type { Pipeline } from "@kinesis-connectors/core";
import { fileLeases } from "@kinesis-connectors/leases";
import {
  type Replay,
  type ReplaySource,
  s3Archive,
  startReplay,
  streamRange,
} from "@kinesis-connectors/replay";
import { archivePipeline } from "./archive.js";
import type { ReplayMessage, ReplaySetup } from "./protocol.js";
import { tablePipeline } from "./table.js";

/** The replay, a process of its own: it can be killed, and goes on with the rows in its folder. */
const setup = JSON.parse(process.argv[2] ?? "") as ReplaySetup;
const tell = (message: ReplayMessage): void => void process.send?.(message);

function start<Model, Output, Plan>(
  pipeline: Pipeline<Model, Output, Plan>,
  source: ReplaySource,
): Promise<Replay> {
  const { application, maxBytesPerSecond, leaseFolder } = setup;
  return startReplay({
    application,
    pipeline,
    source,
    leaseTable: fileLeases({ folder: leaseFolder }),
    maxBytesPerSecond,
    observe: ({ type }) => {
      if (type === "checkpoint-commit") tell({ type: "commit" });
    },
  });
}

const replay =
  setup.type === "archive"
    ? await start(
        tablePipeline(setup),
        s3Archive({ ...setup.s3, bucket: setup.bucket, prefix: setup.prefix }),
      )
    : await start(
        archivePipeline(setup),
        streamRange({
          stream: setup.stream,
          from: new Date(setup.fromMs),
          until: new Date(setup.untilMs),
          ...setup.kinesis,
        }),
      );
const { isComplete, recordsRead } = await replay.done;
tell({ type: "done", isComplete, recordsRead });
process.disconnect?.();
