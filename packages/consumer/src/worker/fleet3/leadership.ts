import { asError, errorFields, KinesisConnectorError, type Logger } from "@kinesis-connectors/core";
import { Assigner, type AssignerOptions } from "./assigner.js";
import { FleetLock, type LeaderLockOptions } from "./leader-lock.js";

export interface LeadershipOptions extends AssignerOptions, Omit<LeaderLockOptions, "leaseMs"> {
  readonly logger: Logger;
  /** Whether this worker is being stopped: it must not begin to lead any more. */
  readonly isLeaving: () => boolean;
  /** Told of the workers that were given leases. */
  readonly given: (workers: ReadonlySet<string>) => void;
}

// KCL `LeaseAssignmentManager`: DEFAULT_FAILURE_COUNT_TO_SWITCH_LEADER.
const MAX_FAILURES = 3;

/**
 * This worker's part in leading the fleet. The lock is kept by the same steps that assign: a leader that cannot do its work loses its place to one that
 * can, and does not only look alive.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #lock: FleetLock;
  readonly #assigner: Assigner;
  #isLeader = false;
  #failures = 0;
  #tableMigration: string | undefined;
  /** What keeps this worker from leading: a right that is missing, say. Looked at again each minute. */
  #lack: string | undefined;
  #isAskedAgain = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#lock = new FleetLock({ ...options, leaseMs: options.timings.lockLeaseMs });
    this.#assigner = new Assigner(options);
  }

  get isLeader(): boolean {
    return this.#isLeader && this.#lock.isHeld;
  }

  /** How far the fleet's move into one table is: only a leader that drives it may lead meanwhile. */
  seeTableMigration(status: string | undefined): void {
    this.#tableMigration = status;
    this.#isAskedAgain = true;
  }

  async step(): Promise<void> {
    if (this.#lack !== undefined && !this.#isAskedAgain) return;
    this.#isAskedAgain = false;
    try {
      await this.#step();
      this.#lack = undefined;
    } catch (thrown) {
      if (!KinesisConnectorError.isInstance(thrown)) throw thrown;
      // No reason to stop reading: other workers may lead.
      if (this.#lack !== thrown.message)
        this.#options.logger.warn(
          { ...errorFields(thrown), reason: thrown.message },
          "this worker cannot lead the fleet; it tries again each minute",
        );
      this.#lack = thrown.message;
      try {
        await this.resign();
      } catch (unreleased) {
        // Then it runs out.
        if (!KinesisConnectorError.isInstance(unreleased)) throw unreleased;
      }
    }
  }

  async #step(): Promise<void> {
    const { isLeaving, given } = this.#options;
    if (this.#tableMigration !== undefined) {
      await this.resign();
      return;
    }
    const holds = await this.#lock.step(() => this.#reluctanceMs());
    if (isLeaving()) {
      // Got while this worker was being stopped.
      await this.resign();
      return;
    }
    if (holds && !this.#isLeader) this.#assigner.begin();
    this.#setLeader(holds);
    if (!holds) return;
    try {
      const workers = await this.#assigner.step(() => this.isLeader && !isLeaving());
      this.#failures = 0;
      if (workers.size > 0) given(workers);
    } catch (thrown) {
      this.#failures += 1;
      if (this.#failures >= MAX_FAILURES) {
        this.#options.logger.warn(
          errorFields(asError(thrown)),
          `leases could not be assigned ${MAX_FAILURES} times in a row: another worker shall lead the fleet`,
        );
        this.#failures = 0;
        await this.resign();
      }
      throw thrown;
    }
  }

  /** Leads no more, and lets another worker lead at once. */
  async resign(): Promise<void> {
    this.#setLeader(false);
    await this.#lock.release();
  }

  /**
   * While KCL workers report, a lock that is nobody's is left to them for a while: only they can drive what later versions of theirs bring. Without them it
   * is ours at once.
   */
  async #reluctanceMs(): Promise<number> {
    const { fleet, timings, reportAges } = this.#options;
    const reports = await fleet.reports();
    reportAges.see(reports);
    const isJavaThere = reports.some((report) => !report.isOurs && reportAges.isFresh(report));
    return isJavaThere ? timings.reluctanceMs : 0;
  }

  #setLeader(leader: boolean): void {
    if (leader === this.#isLeader) return;
    this.#isLeader = leader;
    this.#options.observe({ type: "leader-elect", leader });
  }
}
