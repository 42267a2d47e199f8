import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { ArrangeFault, EmitterContract, EmitterUnderTest, HasFired } from "./contract.js";

/** Defines one test with an emitter of its own, which is closed and disposed of in the end. */
export function test<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  name: string,
  run: (setup: Setup) => Promise<void>,
): void {
  contract.it(name, async () => {
    const setup = await contract.create();
    try {
      await run(setup);
    } finally {
      try {
        await setup.emitter.close?.();
      } finally {
        await setup[Symbol.asyncDispose]?.();
      }
    }
  });
}

/** The first `count` outputs of a contract. */
export function outputsOf<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
  count: number,
): Output[] {
  return Array.from({ length: count }, (_, index) => contract.outputs(index));
}

/** Arranges a fault, runs, and makes sure that the fault was met. */
export async function underFault<Setup, Value>(
  setup: Setup,
  arrange: ArrangeFault<Setup>,
  run: () => Promise<Value>,
): Promise<Value> {
  const hasFired = await arrange(setup);
  const value = await run();
  assert.ok(await hasFired(), "the fault that was arranged never fired, so this test has shown nothing");
  return value;
}

/** Waits until a fault has fired: as long as the test may take. */
export async function untilFired(hasFired: HasFired): Promise<void> {
  while (!(await hasFired())) await setImmediate();
}

/** What a promise was rejected with; fails when it was not. */
export async function rejectionOf(promise: Promise<unknown>, otherwise: string): Promise<unknown> {
  let settled: { readonly reason: unknown } | undefined;
  try {
    await promise;
  } catch (reason) {
    settled = { reason };
  }
  assert.ok(settled !== undefined, otherwise);
  return settled.reason;
}
