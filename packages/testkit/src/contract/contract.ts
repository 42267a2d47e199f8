import type { Emitter, EmitterCapabilities } from "@kinesis-connectors/core";

/** Says that something does not exist at a destination, and why. Made by `excluded`; the reason shows in the name of the suite. */
export interface Excluded {
  readonly excluded: string;
}

/**
 * Leaves an obligation out, by declaration.
 *
 * @param reason why the destination does not know it, such as "objects of any size"
 */
export function excluded(reason: string): Excluded {
  return { excluded: reason };
}

/** Whether something was left out. */
export function isExcluded(value: unknown): value is Excluded {
  return typeof value === "object" && value !== null && "excluded" in value;
}

/** The emitter of one test, over a destination of its own. Disposed of when the test ends. */
export interface EmitterUnderTest<Output, Plan> extends Partial<AsyncDisposable> {
  readonly emitter: Emitter<Output, Plan>;
}

/** Capabilities that the emitter declares, and facts that the contract needs beside them. */
export interface ContractCapabilities extends EmitterCapabilities {
  /** Whether the emitter has a `plan`. */
  readonly planned: boolean;
  /** Whether the emitter encodes outputs as they come (`Emitter.createWriter`). Default false. */
  readonly hasWriter?: boolean;
  /**
   * `log`: whatever is written stays beside what was written before, in an order that can be read back. `state`: one value per key of the
   * destination; there is no order to be read back, only the last version of each key.
   */
  readonly keeps: "log" | "state";
}

/** Whether a fault that was arranged has fired. A test whose fault never fired has shown nothing, and fails. */
export type HasFired = () => boolean | Promise<boolean>;

/** Arranges a fault at the destination of one test, for the requests that follow. */
export type ArrangeFault<Setup> = (setup: Setup) => HasFired | Promise<HasFired>;

/** Faults of the destination. Each is arranged after the emitter was made and before it emits. */
export interface ContractFaults<Setup> {
  /**
   * The next request is throttled as a whole. To show more than the repetitions of an SDK, throttle one request more than it repeats.
   * Nothing of a throttled request is applied.
   */
  readonly throttle: ArrangeFault<Setup> | Excluded;
  /**
   * Requests are answered, but the entries at these positions are not taken for now: UnprocessedItems, single records with
   * ProvisionedThroughputExceeded, items with 429. Positions count from 0 over the entries sent from now on; the contract sends ten.
   * Has fired when one of them was not taken.
   */
  readonly throttleEntries:
    | ((setup: Setup, positions: readonly number[]) => HasFired | Promise<HasFired>)
    | Excluded;
  /** The next request fails with a 5xx, a reset or the like; nothing of it is applied. */
  readonly outage: ArrangeFault<Setup> | Excluded;
  /** The next request is applied, and its reply is lost. */
  readonly replyLost: ArrangeFault<Setup> | Excluded;
  /** All requests from now on are refused for want of rights. */
  readonly credentials: ArrangeFault<Setup> | Excluded;
  /** The next request gets no answer for as long as the test runs. It has fired when the request has come in. */
  readonly stall: ArrangeFault<Setup> | Excluded;
}

/** One request, as the destination took it. */
export interface TakenRequest {
  readonly records: number;
  /** Counts of a request, as the service makes them. Left out where the destination under test refuses by itself what is over the limit. */
  readonly bytes?: number | undefined;
}

/** The limits of one request, as the service counts. */
export interface ContractLimits<Setup, Output> {
  /** Records in one request. */
  readonly maxRequestRecords: number | Excluded;
  /** Bytes of one request. */
  readonly maxRequestBytes: number | Excluded;
  /** Bytes of one record; a larger one is for the dead letters. */
  readonly maxRecordBytes: number | Excluded;
  /** The `index`-th output that counts exactly `bytes` bytes against `maxRecordBytes`, and at least `bytes` against `maxRequestBytes`. */
  readonly outputOfBytes: ((index: number, bytes: number) => Output) | Excluded;
  /**
   * The size of the outputs with which `maxRequestBytes` is crossed, in bytes. Default: a third of `maxRequestBytes`, or `maxRecordBytes` where that is
   * less.
   */
  readonly splitRecordBytes?: number;
  /** The requests that the destination was sent so far. */
  readonly requests: ((setup: Setup) => Promise<readonly TakenRequest[]>) | Excluded;
}

/** The test functions of the caller: those of vitest, of `node:test`, of jest or mocha. */
export interface TestFunctions {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, run: () => Promise<void>) => unknown;
}

/** An emitter, its destination, and what can be made of both. All obligations take this one description. */
export interface EmitterContract<
  Setup extends EmitterUnderTest<Output, Plan>,
  Output,
  Plan,
> extends TestFunctions {
  /** The emitter's name, for the name of the suite. */
  readonly name: string;
  /** A fresh emitter over an empty destination: called once per test. */
  readonly create: () => Promise<Setup & EmitterUnderTest<Output, Plan>>;
  readonly capabilities: ContractCapabilities;
  /** The `index`-th output, from 0; each is another one, and under another key where the destination has keys. */
  readonly outputs: (index: number) => Output;
  /** The text that `readBack` gives for an output that has landed. Default: `JSON.stringify`. */
  readonly identify?: (output: Output) => string;
  /** All that is at the destination, each by its identity; for `keeps: "log"` in the order in which it stands there. */
  readonly readBack: (setup: Setup) => Promise<readonly string[]>;
  /** For `keeps: "state"` with an order: versions of one and the same key, the later ones replacing the earlier ones. */
  readonly versions: ((version: number) => Output) | Excluded;
  /** The `index`-th output that the destination will never take: of a wrong type, of an invalid name. */
  readonly refusedOutputs: ((index: number) => Output) | Excluded;
  readonly faults: ContractFaults<Setup>;
  readonly limits: ContractLimits<Setup, Output> | Excluded;
  /** Defines further tests inside of the suite. */
  readonly additional?: () => void;
}
