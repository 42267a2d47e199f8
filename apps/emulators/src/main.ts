import { oneOf, optional, recordCount, runSample, SAMPLE_FLAGS } from "@kinesis-connectors/app-sample";
import { check } from "./check.js";
import { EMULATORS, type EmulatorSpec, startEmulator } from "./emulator.js";
import { Missing } from "./install.js";

const USAGE = `npm run emulators -- [--only NAME] [--records N] [--json]
Puts records into stand-ins for Kinesis that others made, and reads them with everything at its default: kinesalite and kinesis-mock
(packages kinesalite and kinesis-local of npm) and moto (of PyPI). Each is installed into node_modules/.cache/emulators on its first run.
  --only NAME   kinesalite, kinesis-mock or moto
  --records N   how many records (default 600)
  --json        the last line on standard output is one JSON object`;

const TIMEOUT_MS = 120_000;

await runSample("emulators", {
  usage: USAGE,
  flags: {
    json: SAMPLE_FLAGS.json,
    only: optional(oneOf("kinesalite", "kinesis-mock", "moto")),
    records: recordCount(600),
  },
  run: async ({ only, records }, { signal, progress }) => {
    const chosen = EMULATORS.filter(({ name }) => only === undefined || name === only);
    const results: Outcome[] = [];
    let doing = "";
    using _watched = progress.watch(() => ({ share: results.length / chosen.length, text: doing }));
    for (const spec of chosen) {
      signal.throwIfAborted();
      doing = spec.name;
      results.push(await outcomeOf(spec, records));
    }
    return {
      lines: results.map(({ name, version, says }) => [`${name} ${version}`, says] as const),
      isRight: results.every(({ isRight }) => isRight),
      says: ["every record was read from each of them", "NOT EVERY RECORD WAS READ"],
      result: results.map(({ isRight: _isRight, says: _says, ...result }) => result),
    };
  },
});

interface Outcome {
  readonly name: string;
  readonly version: string;
  readonly isRight: boolean;
  readonly says: string;
}

async function outcomeOf(spec: EmulatorSpec, records: number): Promise<Outcome> {
  const { name, keepsCbor } = spec;
  const { version } = spec.package;
  try {
    await using emulator = await startEmulator(spec);
    const verdict = await check(emulator.endpoint, { records, keepsCbor, timeoutMs: TIMEOUT_MS });
    const { put, read, duplicated, format, doubts, seconds } = verdict;
    const says = `read ${read} of ${put} in ${format}, ${duplicated} twice, end doubted ${doubts} times, ${seconds} s`;
    return { name, version, ...verdict, isRight: read === put, says };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return {
      name,
      version,
      isRight: false,
      says,
      [error instanceof Missing ? "missing" : "failed"]: says,
    };
  }
}
