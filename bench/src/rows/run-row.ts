import type { Endpoints } from "../servers/canned-server.js";
import { dataSet } from "../data/data-sets.js";
import { type Measured, Meter, type Window } from "./meter.js";
import type { Row } from "./variant.js";

/** What all rows are given. */
export interface Servers {
  readonly endpoints: Endpoints;
  readonly s3: string | undefined;
}

/** Measures a row once, in this process. */
export async function measureRow(row: Row, servers: Servers, window: Window): Promise<Measured> {
  const meter = new Meter({ ...window, warmUpMs: window.warmUpMs * (row.variant.warmUps ?? 1) });
  await runRow(row, servers, meter);
  if (meter.measured === undefined) throw new Error("the variant ended before its window did");
  return meter.measured;
}

/** Whether what passes is what should pass, byte by byte; undefined for rows through which nothing passes that could be compared. */
export async function checkRow(row: Row, servers: Servers): Promise<boolean | undefined> {
  const expected = row.variant.expected?.(dataSet(row.set));
  if (expected === undefined || expected.length === 0) return undefined;
  const meter = new Meter({ warmUpMs: 0, windowMs: 0 }, expected.length);
  await runRow(row, servers, meter);
  return meter.collected.equals(expected);
}

function runRow({ variant, set, transport }: Row, servers: Servers, meter: Meter): Promise<void> {
  return variant.run({ set: dataSet(set), transport, ...servers, meter });
}
