import { oneOf, recordCount, runSample, SAMPLE_FLAGS } from "@kinesis-connectors/app-sample";
import { check, type Verdict } from "./check.js";
import { EMULATORS, type EmulatorSpec, startEmulator } from "./emulator.js";
import { Missing } from "./install.js";

const USAGE = `npm run emulators -- [--only NAME] [--records N] [--json]
Puts records into stand-ins for Kinesis that others made, splits a shard, and reads them with everything at its default: kinesalite and
kinesis-mock (packages kinesalite and kinesis-local of npm) and moto (of PyPI). Each is installed into node_modules/.cache/emulators first.
  --only NAME   kinesalite, kinesis-mock or moto (default: all of them)
  --records N   how many records (default 600)
  --json        the last line on standard output is one JSON object`;

const TIMEOUT_MS = 120_000;

await runSample("emulators", {
  usage: USAGE,
  flags: {
    json: SAMPLE_FLAGS.json,
    only: oneOf("all", "kinesalite", "kinesis-mock", "moto"),
    records: recordCount(600),
  },
  run: async ({ only, records }, { signal }) => {
    const chosen = EMULATORS.filter(({ name }) => only === "all" || name === only);
    const lines: [string, string][] = [];
    const emulators: object[] = [];
    let isRight = true;
    for (const spec of chosen) {
      signal.throwIfAborted();
      const { name } = spec;
      const found = await tried(spec, records, signal);
      isRight &&= typeof found === "object" && found.read === found.put;
      lines.push([`${name} ${spec.package.version}`, typeof found === "object" ? shown(found) : found]);
      emulators.push(typeof found === "object" ? { name, ...found } : { name, failed: found });
    }
    return {
      lines,
      isRight,
      says: ["every record was read from each of them", "NOT EVERY RECORD WAS READ FROM EACH OF THEM"],
      result: { emulators },
    };
  },
});

/** What came of one emulator; a sentence where it cannot be had, or did not come up. */
async function tried(spec: EmulatorSpec, records: number, signal: AbortSignal): Promise<Verdict | string> {
  try {
    await using emulator = await startEmulator(spec);
    return await check(emulator.endpoint, {
      records,
      keepsCbor: spec.keepsCbor,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return error instanceof Missing ? `not tried: ${reason}` : `failed: ${reason}`;
  }
}

function shown({ put, read, duplicated, format, doubts, seconds }: Verdict): string {
  return `${read} of ${put} read, ${duplicated} twice, in ${format}, a shard's end doubted ${doubts} times, ${seconds} s`;
}
