import { memoryLeases } from "@kinesis-connectors/leases";
import { brokenWorld } from "./storm/broken.js";
import { Bucket } from "./services/bucket.js";
import { ObjectChecker } from "./checks/checker.js";
import type { Violation } from "./checks/violation.js";
import type { SimDestination } from "./destinations/destination.js";
import { destinationOf, landingRuleOf } from "./destinations/destinations.js";
import { FleetChecker } from "./checks/fleet-checker.js";
import { RowHistory } from "./services/row-history.js";
import { Fleet, type World } from "./fleet.js";
import { HoldChecker } from "./checks/hold-checker.js";
import { checkEnd, isDrained } from "./checks/end-checker.js";
import { Landings } from "./checks/landings.js";
import { LeaseChecker } from "./checks/lease-checker.js";
import { type Entry, Ledger } from "./checks/ledger.js";
import { Network } from "./world/network.js";
import { Producer } from "./storm/producer.js";
import { PauseChecker } from "./checks/pause-checker.js";
import { ResetBook } from "./checks/reset-book.js";
import type { RunOptions, RunResult } from "./run.js";
import { SeededRandom } from "./world/random.js";
import { STAGING } from "./destinations/redshift-destination.js";
import type { Scenario } from "./storm/scenario.js";
import { Scheduler } from "./world/scheduler.js";
import { SimKinesis } from "./services/sim-kinesis.js";
import { newRow } from "./kcl/rows.js";
import { SimLeases } from "./services/sim-leases.js";
import { SimS3 } from "./services/sim-s3.js";
import { SimStream } from "./services/sim-stream.js";
import { Trace } from "./world/trace.js";

/** When all goes well again, everything has to be delivered within this time. */
const CALM_MS = 240_000;
/** A fleet in 3.x mode may need a lock's time, and what nobody assigns is taken after four minutes. */
const FLEET_CALM_MS = 400_000;
/** So long after the last commit zombies may still do something, and requests that are under way may arrive. */
const ZOMBIE_MS = 2_000;
const LATE_MS = 20_000;
const STOP_MS = 60_000;
const MAX_VIOLATIONS = 20;
/** A stop that ran out of time may leave calls behind it that change nothing, or make the lease of a child; but never a write. */
const WRITES =
  /^(?:take|renew|prepare|commit|shard-end|remove|PutObject|CreateMultipart|UploadPart|CompleteMultipart|PutItem|UpdateItem|BatchWrite|PutRecords|PutRecordBatch|SendMessageBatch|bulk|BatchExecute|UpdateTable)/;

/** The parts of a run, put together; what befalls them is up to the caller. */
export class Simulation {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly fleet: Fleet;
  readonly stream: SimStream;
  readonly trace: Trace;
  readonly bucket: Bucket;
  readonly leases: SimLeases;
  readonly ledger: Ledger = new Ledger();
  readonly book: ResetBook;
  /** Undefined where no KCL workers share the application. */
  readonly members: FleetChecker | undefined;
  readonly violations: Violation[] = [];
  readonly #landings: Landings;
  readonly #objects: ObjectChecker;
  readonly #rows: LeaseChecker;
  readonly #kinesis: SimKinesis;
  readonly #s3: SimS3;
  readonly #destination: SimDestination;

  constructor(scenario: Scenario, options: RunOptions = {}) {
    const { seed } = scenario;
    const random = (stream: number): SeededRandom => new SeededRandom(seed, stream);
    const broken = brokenWorld(options.broken);
    const report = (violation: Violation): void => this.report(violation);
    this.scenario = scenario;
    this.trace = new Trace(options.print);
    this.scheduler = new Scheduler(random(2));
    this.network = new Network(this.scheduler, random(3), this.trace);
    this.network.straggler = ({ process, name, about }) => {
      if (WRITES.test(name))
        report({ rule: "straggler", what: `${process.name} is over and sends ${name} ${about}` });
    };
    this.stream = new SimStream({
      shards: scenario.shards,
      retentionMs: scenario.retentionMs,
      firstSequence: scenario.firstSequence,
      listener: {
        put: (shard, record) => this.ledger.put(shard, record),
        trimmed: ({ shardId }, { sequenceNumber }) => this.ledger.trimmed(shardId, sequenceNumber),
        opened: (shard) => this.ledger.open(shard),
      },
    });
    this.#landings = new Landings(report, landingRuleOf(scenario));
    this.#objects = new ObjectChecker(this.ledger, report, broken.isPrepared, this.#landings);
    this.bucket = new Bucket((object) => {
      if (!object.key.startsWith(`${STAGING}/`)) this.#objects.created(object);
    });
    this.bucket.overwritten = (key) => report({ rule: "stranger", what: `${key} was written over` });
    const isCalm = scenario.faultRate === 0;
    this.#kinesis = new SimKinesis({
      stream: this.stream,
      scheduler: this.scheduler,
      network: this.network,
      random: random(4),
      temper: {
        maxRecords: scenario.maxRecordsPerAnswer,
        emptyPages: isCalm ? 0 : 0.1,
        expiredIterators: isCalm ? 0 : 0.02,
        brokenSubscriptions: isCalm ? 0 : 0.02,
        doubtfulEnds: isCalm ? 0 : 0.2,
        earlyEnds: scenario.rarities?.earlyEnds ?? 0,
        wrongPages: scenario.rarities?.wrongPages ?? 0,
        namesNoChildren: scenario.rarities?.namesNoChildren ?? false,
      },
      believesEnds: broken.believesEnds,
    });
    this.#s3 = new SimS3({
      bucket: this.bucket,
      network: this.network,
      random: random(5),
      temper: { conflicts: isCalm ? 0 : 0.03, errorsInside: isCalm ? 0 : 0.05 },
      broken: broken.bucket,
    });
    this.#destination = destinationOf(
      {
        scenario,
        scheduler: this.scheduler,
        network: this.network,
        ledger: this.ledger,
        landings: this.#landings,
        random: random(14),
        s3: (process) => this.#s3.clientOf(process),
        report,
        isUnguarded: broken.isUnguarded,
        isUnversioned: broken.isUnversioned,
        brokenTable: broken.table,
        brokenPut: broken.put,
      },
      this.bucket.objects,
    );
    this.book = new ResetBook(report, true);
    const { hasLanded } = this.#destination;
    this.#rows = new LeaseChecker(this.ledger, this.#objects, report, hasLanded, this.book);
    // A row of the journal is held until it is taken: nobody looks at its age.
    const holdMs = scenario.driver === undefined ? scenario.failoverTimeMs : Number.POSITIVE_INFINITY;
    const holds = new HoldChecker(this.scheduler, holdMs, report);
    const { fleet } = scenario;
    const shared =
      fleet === undefined
        ? undefined
        : {
            history: new RowHistory(this.scheduler, random(52)),
            checker: new FleetChecker({
              scheduler: this.scheduler,
              failoverMs: scenario.failoverTimeMs,
              mode: () => this.leases.fleet.fleetMode,
              firstMode: fleet.mode,
              report,
            }),
          };
    this.members = shared?.checker;
    this.leases = new SimLeases(this.network, this.#rows, holds, broken.leases, shared);
    const paused = new PauseChecker(() => this.leases.rows, report);
    this.leases.applied = (process, shardId, change) => paused.applied(process, shardId, change);
    this.network.sent = (call) => {
      holds.sent(call);
      paused.sent(call);
      shared?.checker.sent(call);
    };
    this.fleet = new Fleet({
      scenario,
      scheduler: this.scheduler,
      random: random(6),
      trace: this.trace,
      kinesis: this.#kinesis,
      destination: this.#destination,
      leases: this.leases,
      report,
      stopsEndlessly: broken.stopsEndlessly,
      kcl:
        shared === undefined
          ? undefined
          : {
              network: this.network,
              ledger: this.ledger,
              landings: this.#landings,
              checker: shared.checker,
            },
      functions:
        scenario.driver === "lambda"
          ? { stream: this.stream, ledger: this.ledger, broken: options.broken }
          : undefined,
      daemons: scenario.driver === "kcl" ? this.#daemons(options.broken) : undefined,
    });
    new Producer(this.stream, this.scheduler, random(9), scenario).start();
  }

  /** What daemons of the KCL have beside the journal of their children: rows of their own, which no checker of ours looks at. */
  #daemons(broken: RunOptions["broken"]): World["daemons"] {
    const nobody = (): void => undefined;
    const unchecked = new LeaseChecker(new Ledger(), this.#objects, nobody);
    const held = new HoldChecker(this.scheduler, Number.POSITIVE_INFINITY, nobody);
    const rows = new SimLeases(this.network, unchecked, held);
    // The modelled worker audits no holes, and a crash between the first rows of an application would leave some.
    for (const { shardId, startingHashKey, endingHashKey } of this.stream.openShards)
      rows.createdByKcl(
        newRow(shardId, [], { StartingHashKey: `${startingHashKey}`, EndingHashKey: `${endingHashKey}` }),
      );
    return {
      network: this.network,
      ledger: this.ledger,
      rows,
      broken: broken === "row-after-daemon" || broken === "no-journal" ? broken : undefined,
      noJournal: () => memoryLeases().connect(),
    };
  }

  /** From here on nothing goes wrong: everything has to be delivered, then everything stops, then the books are closed. */
  async settle(): Promise<RunResult> {
    const { scheduler, fleet, scenario } = this;
    this.#kinesis.calm();
    Object.assign(this.#s3.temper, { conflicts: 0, errorsInside: 0 });
    this.#destination.calm?.();
    this.trace.add(scheduler.nowMs, "-", "calm");
    // A KCL worker shows its application nothing of an aggregate that belongs to another shard.
    const isHidden = ({ payload }: Entry): boolean => scenario.driver !== undefined && payload === undefined;
    let lookMs = 0;
    let isOver = false;
    const calmSinceMs = scheduler.nowMs;
    const calmMs = scenario.fleet === undefined ? CALM_MS : FLEET_CALM_MS;
    await scheduler.runUntil(calmSinceMs + calmMs, () => {
      if (scheduler.nowMs >= lookMs) {
        lookMs = scheduler.nowMs + 250;
        isOver =
          this.hasSeenEnough ||
          (isDrained(this.ledger, this.leases.rows, isHidden) && this.#forgotten(calmSinceMs).length === 0);
      }
      return isOver;
    });
    const forgotten = isOver ? [] : this.#forgotten(calmSinceMs);
    if (forgotten.length > 0)
      this.report({
        rule: "forgotten",
        what: `nobody reads ${forgotten.join(" and ")} within ${calmMs} ms of calm`,
      });
    else if (!isOver)
      this.report({ rule: "stuck", what: `not everything was delivered within ${calmMs} ms of calm` });
    await scheduler.runUntil(scheduler.nowMs + ZOMBIE_MS, () => this.hasSeenEnough);
    await scheduler.runUntil(
      scheduler.nowMs + LATE_MS,
      () => this.network.underWay === 0 || this.hasSeenEnough,
    );
    fleet.close();
    await scheduler.runUntil(scheduler.nowMs + STOP_MS, () => fleet.isOver);
    if (!fleet.isOver) this.report({ rule: "stuck", what: "a connector did not stop" });
    let { lost } = this.#rows;
    // A run that was broken off has not had the time to deliver everything.
    if (!this.hasSeenEnough) {
      const { hasLanded } = this.#destination;
      lost += checkEnd(this.ledger, fleet.seen.gaps, (violation) => this.report(violation), hasLanded);
      lost += this.#destination.checkEnd?.() ?? 0;
    }
    return {
      seed: scenario.seed,
      events: scheduler.eventCount,
      records: this.ledger.recordCount,
      objects: this.#destination.storedCount(),
      crashes: 0,
      pauses: 0,
      stops: 0,
      reshards: 0,
      faults: this.network.faultCount,
      strangers: 0,
      shardPauses: 0,
      resets: this.book.count,
      resetRefusals: 0,
      ...fleet.seen.counts,
      handoffs: this.members?.handoffs ?? 0,
      repeatedByKcl: this.#landings.repeatedByKcl,
      lost,
      duplicated: this.#landings.duplicated,
      reordered: this.#objects.reordered + (this.#destination.reorderedCount?.() ?? 0),
      violations: this.violations,
      traceHash: this.trace.hash,
    };
  }

  /** Shards that go on and that nobody has read since then, where KCL workers share them. */
  #forgotten(sinceMs: number): readonly string[] {
    const members = this.members;
    if (members === undefined) return [];
    return [...this.ledger.shards.values()]
      .filter(({ hasEnded, shardId }) => !hasEnded && (members.readMs(shardId) ?? -1) < sinceMs)
      .map(({ shardId }) => shardId);
  }

  /** Whether so much is wrong that no more of it need be seen. */
  get hasSeenEnough(): boolean {
    return this.violations.length >= MAX_VIOLATIONS;
  }

  report(violation: Violation): void {
    this.trace.add(this.scheduler.nowMs, "!!", `${violation.rule}: ${violation.what}`);
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push(violation);
  }
}
