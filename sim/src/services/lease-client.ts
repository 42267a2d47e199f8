import { backoffMs, sleep } from "@kinesis-connectors/core";
import { failureError } from "../world/call-error.js";
import type { Network } from "../world/network.js";
import type { SimProcess } from "../world/sim-process.js";

const BACK_OFF = { baseDelayMs: 50, maxDelayMs: 1_000 } as const;

/** What goes wrong with a call to DynamoDB, as the SDK throws it. */
export function leaseFailure(failure: Parameters<typeof failureError>[0]): Error {
  return failureError(failure, "ProvisionedThroughputExceededException", 400);
}

/** A call to the lease table, and how often it is made in all. */
export interface LeaseCall<Answer> {
  readonly process: SimProcess;
  readonly name: string;
  readonly about: string;
  readonly attempts: number;
  readonly apply: () => Answer | Promise<Answer>;
}

/** Makes a call to the lease table, and makes it again where it fails, as a client of DynamoDB does. */
export async function askLeases<Answer>(
  network: Network,
  { process, name, about, attempts, apply }: LeaseCall<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await network.send({
        process,
        to: "leases",
        name,
        about,
        apply,
        failed: (failure) => {
          throw leaseFailure(failure);
        },
      });
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(process.clock, backoffMs(attempt, BACK_OFF, process.random));
    }
  }
}
