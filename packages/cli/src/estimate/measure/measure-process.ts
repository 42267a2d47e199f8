import { asError, KinesisConnectorError } from "@kinesis-connectors/core";
import { CliError } from "../../app/errors.js";
import { measureStage } from "./measure-stage.js";
import type { Job, Ready, Said } from "./protocol.js";

// Measures what it is told in one message, says what it saw in another, and ends: nothing that a pipeline left open keeps it.
process.on("disconnect", () => process.exit(0));
process.once("message", (job) => void measure(job as Job));

function sayReady(): void {
  const ready: Ready = { isReady: true };
  process.send?.(ready);
}

async function measure(job: Job): Promise<void> {
  const said: Said = await measureStage(job, sayReady).catch((thrown: unknown) => {
    const { message } = asError(thrown);
    const code =
      thrown instanceof CliError || KinesisConnectorError.isInstance(thrown) ? thrown.code : "KC_FAILED";
    return { error: { code, message } };
  });
  process.send?.(said, () => process.exit(0));
}
