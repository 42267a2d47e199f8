/** The `cv` of the row `Migration3.0` (KCL 3.x `ClientVersion`): which algorithms a fleet uses. No row means those of 2.x. */
export const MODE = {
  upgrading: "CLIENT_VERSION_UPGRADE_FROM_2X",
  withRollback: "CLIENT_VERSION_3X_WITH_ROLLBACK",
  full: "CLIENT_VERSION_3X",
} as const;

/** Whether a leader assigns the leases. */
export function isLed(mode: string | undefined): boolean {
  return mode === MODE.withRollback || mode === MODE.full;
}

/** Whether workers report: for the leader, or so that the fleet can be switched. */
export function isReporting(mode: string | undefined): boolean {
  return isLed(mode) || mode === MODE.upgrading;
}
