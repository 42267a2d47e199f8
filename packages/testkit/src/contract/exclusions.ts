import { type EmitterContract, type EmitterUnderTest, isExcluded } from "./contract.js";

/** Obligations that a contract leaves out, each as `what (why)`. */
export function exclusionsOf<Setup extends EmitterUnderTest<Output, Plan>, Output, Plan>(
  contract: EmitterContract<Setup, Output, Plan>,
): readonly string[] {
  const { versions, refusedOutputs, faults, limits } = contract;
  const parts: Readonly<Record<string, unknown>> = {
    versions,
    refusedOutputs,
    ...faults,
    ...(isExcluded(limits) ? { limits } : limits),
  };
  return Object.entries(parts).flatMap(([name, part]) =>
    isExcluded(part) ? [`${name} (${part.excluded})`] : [],
  );
}
