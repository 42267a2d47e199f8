import type { Clock, Random } from "./clock.js";
import type { Faults } from "./faults.js";
import type { Journal } from "./journal.js";

/** What the servers of one local AWS share. */
export interface SharedParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
}
