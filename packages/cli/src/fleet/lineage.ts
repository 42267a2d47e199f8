import type { Lease } from "@kinesis-connectors/leases";

/** A shard in the tree of those it came from. */
export interface Lineage {
  readonly lease: Lease;
  /** Generations below the oldest of its line that still has a row. */
  readonly depth: number;
  /** The parent that it stands below; undefined for the oldest. */
  readonly above: string | undefined;
}

/** Shards in the order of a tree, children behind their parent. A merge stands below the first of its parents that has a row. */
export function lineageOf(leases: readonly Lease[]): readonly Lineage[] {
  const known = new Map(leases.map((lease) => [lease.leaseKey, lease]));
  const below = new Map<string | undefined, Lease[]>();
  for (const lease of leases) {
    const above = lease.parentShardIds.toSorted().find((id) => known.has(id));
    const children = below.get(above);
    if (children === undefined) below.set(above, [lease]);
    else children.push(lease);
  }
  const tree: Lineage[] = [];
  const seen = new Set<string>();
  const walk = (above: string | undefined, depth: number): void => {
    for (const lease of below.get(above) ?? []) {
      // Rows that name each other as parents make no sense, and must not make a loop either.
      if (seen.has(lease.leaseKey)) continue;
      seen.add(lease.leaseKey);
      tree.push({ lease, depth, above });
      walk(lease.leaseKey, depth + 1);
    }
  };
  walk(undefined, 0);
  for (const lease of leases)
    if (!seen.has(lease.leaseKey)) {
      seen.add(lease.leaseKey);
      tree.push({ lease, depth: 0, above: undefined });
    }
  return tree;
}
