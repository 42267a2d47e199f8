import { checkOptions, type OptionNames } from "@kinesis-connectors/core";
import {
  type ContractCapabilities,
  type ContractFaults,
  type ContractLimits,
  type EmitterContract,
  type EmitterUnderTest,
  type Excluded,
  isExcluded,
} from "./contract.js";
import { exclusionsOf } from "./exclusions.js";
import { declaredCapabilities } from "./obligations/declared-capabilities.js";
import { declaredOrder } from "./obligations/declared-order.js";
import { emptyBatch } from "./obligations/empty-batch.js";
import { encodedOutputs } from "./obligations/encoded-outputs.js";
import { lostReply } from "./obligations/lost-reply.js";
import { oversizedRecord } from "./obligations/oversized-record.js";
import { promptAbort } from "./obligations/prompt-abort.js";
import { refusedCredentials } from "./obligations/refused-credentials.js";
import { refusedRecords } from "./obligations/refused-records.js";
import { repeatedBatch } from "./obligations/repeated-batch.js";
import { repeatedClose } from "./obligations/repeated-close.js";
import { requestLimits } from "./obligations/request-limits.js";
import { throttling } from "./obligations/throttling.js";
import { untouchedInput } from "./obligations/untouched-input.js";
import { wholeBatch } from "./obligations/whole-batch.js";

/**
 * Defines the tests of everything that an emitter owes the engine, with the caller's own test functions. What a destination does not
 * know is left out by declaration (`excluded("why")`), and stands in the name of the suite.
 *
 * @example
 * ```ts
 * describeEmitterContract({
 *   describe,
 *   it,
 *   name: "fileEmitter",
 *   create: async () => {
 *     const folder = await mkdtemp(join(tmpdir(), "emitter-"));
 *     return { folder, emitter: fileEmitter({ folder }), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
 *   },
 *   capabilities: { duplicates: "none", ordering: "shard", planned: true, keeps: "log" },
 *   outputs: (index) => ({ index }),
 *   readBack: ({ folder }) => linesOf(folder),
 *   versions: excluded("lines have no keys"),
 *   ...
 * });
 * ```
 * @throws Error when the description contradicts itself
 */
export function describeEmitterContract<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  checkOptions("describeEmitterContract", contract, NAMES);
  requireConsistency(contract);
  const exclusions = exclusionsOf(contract);
  const without = exclusions.length === 0 ? "" : `, without ${exclusions.join(", ")}`;
  contract.describe(`${contract.name} keeps the contract of emitters${without}`, () => {
    declaredCapabilities(contract);
    emptyBatch(contract);
    wholeBatch(contract);
    declaredOrder(contract);
    requestLimits(contract);
    oversizedRecord(contract);
    refusedRecords(contract);
    throttling(contract);
    lostReply(contract);
    refusedCredentials(contract);
    promptAbort(contract);
    repeatedBatch(contract);
    untouchedInput(contract);
    encodedOutputs(contract);
    repeatedClose(contract);
    contract.additional?.();
  });
}

function requireConsistency<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { capabilities, versions, limits } = contract;
  if (capabilities.keeps === "state" && capabilities.ordering !== "none" && isExcluded(versions))
    throw new Error(
      `${contract.name}: a destination of state with an order must show that the last version stays: give versions`,
    );
  if (capabilities.keeps === "log" && !isExcluded(versions))
    throw new Error(`${contract.name}: a log keeps all versions: leave versions out with excluded("...")`);
  if (isExcluded(limits)) return;
  const countsBytes = !isExcluded(limits.maxRequestBytes) || !isExcluded(limits.maxRecordBytes);
  if (countsBytes && isExcluded(limits.outputOfBytes))
    throw new Error(`${contract.name}: limits of bytes can only be shown with outputOfBytes`);
}

const CAPABILITIES: OptionNames<ContractCapabilities> = {
  duplicates: true,
  ordering: true,
  planned: true,
  hasWriter: true,
  keeps: true,
};

const FAULTS: OptionNames<ContractFaults<unknown>> = {
  throttle: true,
  throttleEntries: true,
  outage: true,
  replyLost: true,
  credentials: true,
  stall: true,
};

const LIMITS: OptionNames<ContractLimits<unknown, unknown> | Excluded> = {
  maxRequestRecords: true,
  maxRequestBytes: true,
  maxRecordBytes: true,
  outputOfBytes: true,
  splitRecordBytes: true,
  requests: true,
  excluded: true,
};

const NAMES: OptionNames<EmitterContract<EmitterUnderTest<unknown, unknown>, unknown, unknown>> = {
  describe: "required",
  it: "required",
  name: "required",
  create: "required",
  capabilities: CAPABILITIES,
  outputs: "required",
  identify: true,
  readBack: "required",
  versions: "required",
  refusedOutputs: "required",
  faults: FAULTS,
  limits: LIMITS,
  additional: true,
};
