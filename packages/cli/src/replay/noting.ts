import type { Clock, Timer } from "@kinesis-connectors/core";
import type { ReplayTotals } from "@kinesis-connectors/replay";
import type { CliContext } from "../app/context.js";

const PERIOD_MS = 5_000;

/** Says now and then how far a replay has come, where that has changed; what is returned ends that. */
export function noting(
  { out, clock }: { readonly out: Pick<CliContext["out"], "note">; readonly clock: Pick<Clock, "setTimer"> },
  replay: {
    readonly progress: () => Pick<ReplayTotals, "recordsRead" | "recordsEmitted" | "shards" | "shardsEnded">;
  },
): () => void {
  let timer: Timer;
  let said = "";
  const note = (): void => {
    const { recordsRead, recordsEmitted, shards, shardsEnded } = replay.progress();
    const line = `${recordsRead} records read, ${recordsEmitted} written, ${shardsEnded} of ${shards} shards done`;
    if (line !== said) out.note(line);
    said = line;
    timer = clock.setTimer(PERIOD_MS, note);
  };
  timer = clock.setTimer(PERIOD_MS, note);
  return () => timer.cancel();
}
