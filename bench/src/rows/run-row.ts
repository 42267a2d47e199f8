import { dataSet } from "../data/data-sets.js";
import { streamName } from "../servers/answers.js";
import type { Endpoints } from "../servers/canned-server.js";
import { type Measured, Meter, type Window } from "./meter.js";
import type { Row } from "./variant.js";

/** Measures a row once, in this process. */
export async function measureRow(row: Row, endpoints: Endpoints, window: Window): Promise<Measured> {
  const meter = new Meter(window);
  await runRow(row, endpoints, meter);
  if (meter.measured === undefined) throw new Error("the variant ended before its window did");
  return meter.measured;
}

/** Whether what passes is what should pass, byte by byte; undefined for rows through which nothing passes that could be compared. */
export async function checkRow(row: Row, endpoints: Endpoints): Promise<boolean | undefined> {
  const expected = row.variant.expected?.(dataSet(row.set));
  if (expected === undefined || expected.length === 0) return undefined;
  const meter = new Meter({ warmUpCpuMs: 0, windowCpuMs: 0 }, expected.length);
  await runRow(row, endpoints, meter);
  return meter.collected.equals(expected);
}

function runRow({ variant, set, transport }: Row, endpoints: Endpoints, meter: Meter): Promise<void> {
  const { run } = variant;
  if (typeof run !== "function") throw new Error(`${variant.name} is a program of its own`);
  const whole = dataSet(set);
  // Pages of several shards would come in any order.
  return meter.isCollecting
    ? run({ set: { ...whole, shards: 1 }, stream: streamName(set, "checked"), transport, endpoints, meter })
    : run({ set: whole, stream: streamName(set, "measured"), transport, endpoints, meter });
}
