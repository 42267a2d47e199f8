import { oneOf, recordCount, runSample, SAMPLE_FLAGS } from "@kinesis-connectors/app-sample";
import { checkFirehose, checkSqs, type PutVerdict } from "./check-puts.js";
import { check, type Verdict } from "./check.js";
import { EMULATORS, type EmulatorSpec, startEmulator } from "./emulator.js";
import { Missing } from "./install.js";

const USAGE = `npm run emulators -- [--only NAME] [--records N] [--json]
Puts records into stand-ins for Kinesis that others made, splits a shard, and reads them with everything at its default: kinesalite and
kinesis-mock (packages kinesalite and kinesis-local of npm) and moto (of PyPI). Into moto it puts by the emitters for Firehose and SQS as well, and looks what is there. Each is installed into node_modules/.cache/emulators first.
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
      if (typeof found === "string") {
        isRight = false;
        lines.push([`${name} ${spec.package.version}`, found]);
        emulators.push({ name, failed: found });
        continue;
      }
      const { puts, ...read } = found;
      isRight &&= read.read === read.put && puts.every((put) => put.isRight);
      lines.push([`${name} ${spec.package.version}`, shown(read)]);
      for (const { into, isRight: isPassed, says, notDone } of puts)
        lines.push([
          `${name}, ${into}`,
          `${isPassed ? "PASS" : "FAIL"}: ${says} (not shown, since ${notDone})`,
        ]);
      emulators.push({ name, ...read, puts });
    }
    return {
      lines,
      isRight,
      says: [
        "every record was read from each of them, and is where it was put",
        "NOT EVERY RECORD WAS READ FROM EACH OF THEM, OR IS WHERE IT WAS PUT",
      ],
      result: { emulators },
    };
  },
});

/** What came of one emulator; a sentence where it cannot be had, or did not come up. */
async function tried(
  spec: EmulatorSpec,
  records: number,
  signal: AbortSignal,
): Promise<(Verdict & { readonly puts: readonly PutVerdict[] }) | string> {
  try {
    await using emulator = await startEmulator(spec);
    const { endpoint } = emulator;
    const read = await check(endpoint, {
      records,
      keepsCbor: spec.keepsCbor,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (spec.takesPuts !== true) return { ...read, puts: [] };
    return {
      ...read,
      puts: [
        await checkFirehose(endpoint, records),
        await checkSqs(endpoint, records, false),
        await checkSqs(endpoint, records, true),
      ],
    };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return error instanceof Missing ? `not tried: ${reason}` : `failed: ${reason}`;
  }
}

function shown({ put, read, duplicated, format, doubts, seconds }: Verdict): string {
  return `${read} of ${put} read, ${duplicated} twice, in ${format}, a shard's end doubted ${doubts} times, ${seconds} s`;
}
