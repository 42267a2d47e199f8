import { setImmediate } from "node:timers/promises";
import type { TestFunctions } from "@kinesis-connectors/testkit";

/** Test functions that keep what they are given, so that a test can run a suite and see what fails in it. */
export interface CollectedTests {
  readonly functions: TestFunctions;
  readonly suites: readonly string[];
  readonly names: () => readonly string[];
  /** Runs all tests; gives each that failed, with its message. One that waits for nothing that could come has failed as well. */
  readonly failures: () => Promise<ReadonlyMap<string, string>>;
}

/** No test of an emitter in memory needs as many turns of the event loop. */
const MAX_TURNS = 2000;

export function collectTests(): CollectedTests {
  const suites: string[] = [];
  const tests: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  return {
    functions: {
      describe: (name, define) => {
        suites.push(name);
        define();
      },
      it: (name, run) => tests.push({ name, run }),
    },
    suites,
    names: () => tests.map(({ name }) => name),
    failures: async () => {
      const failures = new Map<string, string>();
      for (const { name, run } of tests) {
        const [outcome] = await Promise.allSettled([Promise.race([run(), tooManyTurns()])]);
        if (outcome?.status === "rejected") failures.set(name, String(outcome.reason));
      }
      return failures;
    },
  };
}

async function tooManyTurns(): Promise<never> {
  for (let turn = 0; turn < MAX_TURNS; turn += 1) await setImmediate();
  throw new Error("does not settle");
}
