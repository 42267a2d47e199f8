import { counter, gauge, type MetricDefinition } from "./definition.js";

/** Metrics of the connector and its workers: leases, shards, the process, whether it runs. */
export const WORKER_METRICS: readonly MetricDefinition[] = [
  gauge({
    name: "leases.owned",
    unit: "{lease}",
    scope: "worker",
    from: "progress().shards",
    description: "Shards that this worker owns.",
  }),
  counter({
    name: "leases.taken",
    unit: "{lease}",
    attributes: ["steal"],
    from: "lease-take",
    description: "Leases taken; a steal takes one from a worker that is alive.",
  }),
  counter({
    name: "leases.lost",
    unit: "{lease}",
    from: "lease-lose",
    description: "Leases that others took, or that were not renewed in time.",
  }),
  counter({
    name: "leases.evicted",
    unit: "{lease}",
    from: "lease-evict",
    description: "Leases given back.",
  }),
  counter({
    name: "leases.ended",
    unit: "{lease}",
    from: "lease-end",
    description: "Closed shards that were read to their end.",
  }),
  counter({
    name: "lease.retries",
    unit: "{attempt}",
    attributes: ["step"],
    from: "lease-retry",
    description: "Steps of looking after leases that failed and are made again.",
  }),
  gauge({
    name: "lease.renewal.delay",
    prometheus: "lease_renewal_delay_seconds",
    unit: "s",
    scope: "worker",
    from: "progress().leaseRenewals.longestUnrenewedMs",
    description:
      "Longest time since a held lease was renewed; near the failover time it is about to be lost.",
  }),
  counter({
    name: "event_loop.delay",
    prometheus: "event_loop_delay_seconds",
    unit: "s",
    attributes: ["thread"],
    from: "event-loop-blocked.lateMs",
    description: "Time for which the process, or a thread of it, did not get to its timers.",
  }),
  counter({
    name: "holes",
    prometheus: "hash_key_holes",
    unit: "{hole}",
    from: "hole-found",
    description: "Times that part of the hash key space had no active lease.",
  }),
  gauge({
    name: "leader",
    unit: "",
    scope: "worker",
    from: "progress().isLeader",
    description: "1 on the worker that audits the leases, else 0.",
  }),
  gauge({
    name: "shards",
    unit: "{shard}",
    attributes: ["state"],
    from: "progress().shards[].state",
    description: "Shards of this worker, by what they do.",
  }),
  counter({
    name: "shard.failures",
    unit: "{failure}",
    attributes: ["error.type"],
    from: "shard-fail",
    description: "Shards that failed for good.",
  }),
  counter({
    name: "events.dropped",
    unit: "{event}",
    attributes: ["listener"],
    from: "events-drop",
    description: "Events that a slow listener did not get to see.",
  }),
  gauge({
    name: "up",
    unit: "",
    attributes: ["version", "node", "wire_format"],
    from: "connector-start, connector-stop, wire-fallback",
    description: "1 while the connector runs, else 0.",
  }),
];
