export type { LeaseTableContract, LeaseTableUnderTest } from "./contract.js";
export { describeLeaseTable } from "./describe-lease-table.js";
