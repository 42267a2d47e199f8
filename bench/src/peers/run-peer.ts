import { runProgram } from "../processes.js";
import type { Window } from "../rows/meter.js";
import { CREDENTIALS, type PeerProgram, REGION } from "../rows/variant.js";
import { streamName } from "../servers/answers.js";
import type { Endpoints } from "../servers/canned-server.js";
import type { SetName } from "../data/data-sets.js";

/** Programs that could be built. */
export type PeerPrograms = ReadonlyMap<
  PeerProgram["peer"],
  {
    /** For people, with the version that is measured. */
    readonly label: string;
    /** How it is started. */
    readonly line: readonly string[];
  }
>;

/** Runs another language's program on the stream of a set: it counts as the rows of this project do, and prints the same. */
export function runPeer(
  programs: PeerPrograms,
  { peer, mode }: PeerProgram,
  set: SetName,
  at: { readonly endpoints: Endpoints; readonly dynamoDb: string },
  window: Window,
  pin: readonly string[],
): Promise<unknown> {
  const program = programs.get(peer);
  if (program === undefined) throw new Error(`${peer} was not built`);
  return runProgram([...pin, ...program.line, mode, streamName(set, "measured")], {
    KINESIS: at.endpoints.clear,
    S3: at.endpoints.clear,
    DYNAMODB: at.dynamoDb,
    WARM_UP_CPU_MS: String(window.warmUpCpuMs),
    WINDOW_CPU_MS: String(window.windowCpuMs),
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  });
}
