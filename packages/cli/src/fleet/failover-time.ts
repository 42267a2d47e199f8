import type { Target } from "../connection/target.js";

/** Default of `leases.failoverTimeMs`, of ours and of the KCL. */
const DEFAULT_FAILOVER_TIME_MS = 10_000;

/** How long a lease of the fleet holds that nobody renews: as the command line says it, else the file. */
export function failoverTimeMsOf(
  flags: { readonly failoverTime?: number },
  target: Pick<Target, "failoverTimeMs">,
): number {
  return flags.failoverTime ?? target.failoverTimeMs ?? DEFAULT_FAILOVER_TIME_MS;
}
