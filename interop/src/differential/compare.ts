import type { TableCall } from "../rig/dynamo-tap.js";
import type { Row } from "../rig/lease-rows.js";
import { attributesOf, shapeOfWrite } from "./shapes.js";

/** What the workers of one kind wrote, and the rows that came of it. */
export interface Written {
  readonly calls: readonly TableCall[];
  readonly rows: readonly Row[];
}

/**
 * Where two kinds differ, one line each: `java` or `ours`, which alone has it; the row or the purpose of a write; an attribute or a condition.
 * `ours take -checkpointOwner`, `java row entityType:S`, `java renew if no checkpointOwner`.
 */
export function differences(java: Written, ours: Written): readonly string[] {
  const [ofJava, ofOurs] = [partsOf(java), partsOf(ours)];
  return [...only("java", ofJava, ofOurs), ...only("ours", ofOurs, ofJava)];
}

function only(kind: string, all: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] {
  return [...all].filter((part) => !others.has(part)).map((part) => `${kind} ${part}`);
}

function partsOf({ calls, rows }: Written): ReadonlySet<string> {
  const found = new Set<string>();
  for (const row of rows) {
    // Rows that are no leases are compared by nobody here: KCL 3 puts some into the same table.
    if (row["leaseCounter"] === undefined) continue;
    for (const attribute of attributesOf(row)) found.add(`row ${attribute}`);
  }
  for (const call of calls) {
    // A write that lost its condition says as much of its maker as one that did not.
    const shape = shapeOfWrite(call);
    if (shape === undefined) continue;
    for (const part of shape.parts) found.add(`${shape.purpose} ${part}`);
    for (const condition of shape.conditions) found.add(`${shape.purpose} if ${condition}`);
  }
  return new Set([...found].toSorted());
}
