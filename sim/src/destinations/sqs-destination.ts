import { sqsEmitter } from "@kinesis-connectors/sqs";
import { KeyOrder } from "../checks/key-order.js";
import { nameOf } from "../checks/ledger.js";
import { SimQueue } from "../services/puts/sim-queue.js";
import { type Output, REQUEST_TIMEOUT_MS } from "../sim-pipeline.js";
import type { Line } from "../payload.js";
import type { Scenario } from "../storm/scenario.js";
import { type DestinationParts, driving, entryOf, type SimDestination } from "./destination.js";

/**
 * What the queue is. `position` and `content`: FIFO, by what its messages are told apart. `forgetful`: FIFO by position, and knows an id for moments, so
 * that the window passes while a message is sent again. `standard`: knows neither ids nor an order.
 */
type Mode = "position" | "content" | "forgetful" | "standard";

/** By `Scenario.variant`. */
const MODES: readonly Mode[] = ["position", "standard", "position", "content", "position", "forgetful"];

/** Developer guide, "Using the message deduplication ID": five minutes, which no run takes. */
const WINDOW_MS = 300_000;
const FORGETFUL_MS = 2_000;

function modeOf({ variant }: Scenario): Mode {
  return MODES[variant] ?? "position";
}

/** Whether a run may bring messages twice: they are counted then. */
export function queueRepeats(scenario: Scenario): boolean {
  const mode = modeOf(scenario);
  return mode === "standard" || mode === "forgetful";
}

/**
 * Records as messages of a queue. In a FIFO queue each is there once, or comes again when its id is forgotten and no sooner; and those of a key are in
 * one group and in order. In a standard queue each is there at least once.
 */
export function sqsDestination(parts: DestinationParts): SimDestination {
  const { scenario, scheduler, landings, report, isUnguarded } = parts;
  const mode = modeOf(scenario);
  const isFifo = mode !== "standard";
  const windowMs = mode === "forgetful" ? FORGETFUL_MS : WINDOW_MS;
  const order = new KeyOrder(report);
  const groups = new Map<string, string>();
  /** When each output was last taken. */
  const takenMs = new Map<string, number>();
  let storedCount = 0;

  const checkFifo = ({ id, n, at, key }: Line, group: string): void => {
    const before = takenMs.get(`${id} ${n}`);
    if (before !== undefined && scheduler.nowMs - before < windowMs)
      report({
        rule: "duplicated",
        what: `${at} came again ${scheduler.nowMs - before} ms after it was taken`,
      });
    takenMs.set(`${id} ${n}`, scheduler.nowMs);
    const own = groups.get(key) ?? group;
    groups.set(key, own);
    // A queue delivers groups in any order.
    if (own !== group) order.wrong(`${at} of ${key} is of another group than the one before it`);
  };

  const taken = (body: string, group: string | undefined): void => {
    const line: Line = JSON.parse(body);
    const entry = entryOf(parts, line, "the queue");
    if (entry === undefined) return;
    if (isFifo) {
      checkFifo(line, group ?? "");
      order.arrived(line.key, entry, line.n);
    } else if (group !== undefined)
      report({ rule: "phantom", what: `${nameOf(entry)} has a group that nobody asked for` });
    landings.land(entry, line.n, false, "the queue");
    storedCount += 1;
  };

  const queue = new SimQueue({
    scheduler,
    network: parts.network,
    random: parts.random,
    temper: { refused: scenario.faultRate },
    windowMs: isFifo ? windowMs : undefined,
    isContentBased: mode === "content",
    taken,
    broken: parts.brokenPut,
  });

  return {
    drive: driving(parts, (process) =>
      sqsEmitter<Output>({
        client: queue.clientOf(process),
        queueUrl: `https://sqs.us-east-1.amazonaws.com/000000000000/target${isFifo ? ".fifo" : ""}`,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        // A group for each record keeps no order of a key.
        ...(isFifo ? { groupId: ({ id, key }) => (isUnguarded ? `${id}` : key) } : {}),
        ...(mode === "content" ? { deduplication: "content" } : {}),
      }),
    ),
    calm: () => {
      queue.temper.refused = 0;
    },
    storedCount: () => storedCount,
    reorderedCount: () => order.reordered,
  };
}
