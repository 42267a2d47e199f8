import assert from "node:assert/strict";
import { batchOf } from "../batches.js";
import { type ContractLimits, type EmitterContract, type EmitterUnderTest, isExcluded } from "../contract.js";
import { deliver } from "../delivery.js";
import { outputsOf, test } from "../with-setup.js";

/** A batch of any size is split into requests that the service takes: by records and by bytes, as the service counts them. */
export function requestLimits<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): void {
  const { limits } = contract;
  if (isExcluded(limits)) return;
  const { maxRequestRecords, maxRequestBytes, maxRecordBytes, outputOfBytes } = limits;

  if (!isExcluded(maxRequestRecords)) {
    for (const count of [maxRequestRecords, maxRequestRecords + 1, 2 * maxRequestRecords + 1]) {
      test(contract, `splits ${count} records into requests of ${maxRequestRecords}`, async (setup) => {
        await deliver(contract, setup, batchOf(outputsOf(contract, count), undefined, setup.emitter));
        await assertRequests(limits, setup);
      });
    }
  }

  if (!isExcluded(maxRequestBytes) && !isExcluded(outputOfBytes)) {
    const largestBytes = isExcluded(maxRecordBytes) ? maxRequestBytes : maxRecordBytes;
    const { splitRecordBytes = Math.min(largestBytes, Math.floor(maxRequestBytes / 3)) } = limits;
    // One record more than two requests can hold.
    const count = 2 * Math.floor(maxRequestBytes / splitRecordBytes) + 1;
    test(
      contract,
      `splits ${count} records of ${splitRecordBytes} bytes into requests of ${maxRequestBytes} bytes`,
      async (setup) => {
        const outputs = Array.from({ length: count }, (_, index) => outputOfBytes(index, splitRecordBytes));
        await deliver(contract, setup, batchOf(outputs, undefined, setup.emitter));
        await assertRequests(limits, setup, 3);
      },
    );
  }
}

async function assertRequests<Setup, Output>(
  limits: ContractLimits<Setup, Output>,
  setup: Setup,
  atLeast = 1,
): Promise<void> {
  if (isExcluded(limits.requests)) return;
  const requests = await limits.requests(setup);
  assert.ok(
    requests.length >= atLeast,
    `at least ${atLeast} requests are needed, ${requests.length} were seen`,
  );
  for (const { records, bytes } of requests) {
    if (!isExcluded(limits.maxRequestRecords))
      assert.ok(records <= limits.maxRequestRecords, `a request has ${records} records`);
    if (!isExcluded(limits.maxRequestBytes) && bytes !== undefined)
      assert.ok(bytes <= limits.maxRequestBytes, `a request has ${bytes} bytes`);
  }
}
