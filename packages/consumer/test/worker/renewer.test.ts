import {
  changed,
  HeldLease,
  type Intercept,
  type Lease,
  memoryLeases,
  type MemoryLeases,
} from "@kinesis-connectors/leases";
import { seededRandom } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";
import { Renewer } from "../../src/worker/holding/renewer.js";
import { leaseWith } from "../support/leases.js";
import { VirtualClock } from "../support/virtual-clock.js";

const F = 10_000;
const ME = "me:1";

interface Holding {
  readonly clock: VirtualClock;
  readonly held: HeldLease;
  readonly row: () => Lease | undefined;
  /** What happens to calls from now on. */
  intercept: Intercept;
}

function heldIn(leases: MemoryLeases, shardId: string, clock: VirtualClock, intercept: Intercept): HeldLease {
  const taken = changed(leaseWith(shardId), { type: "take", owner: ME });
  leases.rows.set(shardId, taken);
  return new HeldLease(taken, 0, {
    table: leases.connect(intercept),
    ownerId: ME,
    clock: clock.process(),
    random: seededRandom(1),
    failoverTimeMs: F,
    lost: () => undefined,
  });
}

/** A lease of `s0` that was taken at time 0 through a table whose calls can go wrong. */
function holding(): Holding {
  const clock = new VirtualClock();
  const leases = memoryLeases();
  const held = heldIn(leases, "s0", clock, (call) => setup.intercept(call));
  const setup: Holding = { clock, held, row: () => leases.rows.get("s0"), intercept: () => undefined };
  return setup;
}

describe("the renewer", () => {
  test("K08 a renewal that hangs keeps the other leases neither from being renewed nor from being dropped in time", async () => {
    const first = holding();
    const second = holding();
    const errors: Error[] = [];
    const renewer = new Renewer((error) => void errors.push(error));
    first.intercept = () => new Promise(() => undefined);
    renewer.tick([first.held, second.held]);
    await second.clock.advance(1);
    expect(second.row()?.counter).toBe(2);
    await first.clock.advance(F);
    renewer.tick([first.held, second.held]);
    expect(first.held.gone.aborted).toBe(true);
    expect(errors).toEqual([]);
  });

  test("at most 20 renewals are under way, and all leases get theirs", async () => {
    const clock = new VirtualClock();
    const leases = memoryLeases();
    let inFlight = 0;
    let most = 0;
    const intercept = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise<void>((resolve) => {
        clock.setTimer(5, resolve);
      });
      inFlight -= 1;
      return undefined;
    };
    const held = Array.from({ length: 100 }, (_, index) => heldIn(leases, `s${index}`, clock, intercept));
    new Renewer((error) => {
      throw error;
    }).tick(held);
    await clock.advance(1_000);
    expect(most).toBe(20);
    expect([...leases.rows.values()].map(({ counter }) => counter)).toEqual(
      Array.from({ length: 100 }, () => 2),
    );
  });
});
