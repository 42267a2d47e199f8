import type { ComponentChildren, VNode } from "preact";
import type { ConsoleSnapshot, ConsoleState, ConsoleWorker } from "../../src/index.js";
import { ago, bytes, count, duration, NOTHING, shortOwner } from "../model/format.js";
import type { Row } from "../model/rows.js";
import { type Column, WindowedTable } from "../parts/windowed-table.js";

/** A worker by its leases, by its process, or both. */
interface WorkerRow {
  readonly owner: string;
  readonly worker: ConsoleWorker | undefined;
  readonly live: ConsoleSnapshot | undefined;
}

const COLUMNS: readonly Column<never>[] = [
  { id: "worker", title: "Worker", from: 1 },
  { id: "kind", title: "Kind", from: 3 },
  { id: "shards", title: "Shards", isNumber: true, from: 1 },
  { id: "share", title: "Share", from: 2 },
  { id: "renewed", title: "Last renewal", isNumber: true, from: 1 },
  { id: "role", title: "Part in the fleet", from: 3 },
  { id: "memory", title: "Read ahead", isNumber: true, from: 2 },
  { id: "records", title: "Records emitted", isNumber: true, from: 3 },
  { id: "up", title: "Running for", isNumber: true, from: 2 },
  { id: "health", title: "Health", from: 2 },
];

/** Who owns how many shards, who still renews them, and what the connected processes tell. */
export function Workers({
  state,
  rows,
}: {
  readonly state: ConsoleState;
  readonly rows: readonly Row[];
}): VNode {
  const workers = new Map(state.fleet?.workers.map((worker) => [worker.owner, worker]));
  const live = new Map(
    state.processes.flatMap(({ snapshot }) =>
      snapshot === null ? [] : [[snapshot.ownerId, snapshot] as const],
    ),
  );
  const owners = [...new Set([...workers.keys(), ...live.keys()])].toSorted();
  const items = owners.map((owner): WorkerRow => ({
    owner,
    worker: workers.get(owner),
    live: live.get(owner),
  }));
  const open = rows.filter((row) => row.state !== "ended");
  const unowned = open.filter(({ owner }) => owner === null).length;
  const shares = items.map(({ worker, live: snapshot }) => shardsOf(worker, snapshot));
  const [most, least] = [Math.max(0, ...shares), Math.min(...(shares.length === 0 ? [0] : shares))];
  return (
    <>
      <div class="tools">
        <h2>Workers</h2>
        <span class="quiet">
          {count(open.length)} open shards,{" "}
          {unowned === 0 ? "each with an owner" : `${unowned} without an owner`};{" "}
          {most - least <= 1 ? "evenly shared" : `from ${least} to ${most} each`}
        </span>
      </div>
      <WindowedTable<WorkerRow, never>
        caption="Workers"
        columns={COLUMNS}
        items={items}
        idOf={({ owner }) => owner}
        rowClass={({ worker }) => (worker?.isRenewing === false ? "unowned" : "")}
        cell={(item, column) => cellOf(item, column, state, open.length)}
        empty="Nobody owns a shard. A worker that starts takes them at once: kinesis-connectors run FILE"
      />
      {live.size === 0 && (
        <p class="quiet pad">
          Memory, records and health are what a process tells by its admin server: start the console with{" "}
          <code>--connect http://127.0.0.1:9464</code>
        </p>
      )}
    </>
  );
}

function shardsOf(worker: ConsoleWorker | undefined, live: ConsoleSnapshot | undefined): number {
  return (
    worker?.shards ?? (live === undefined ? 0 : live.shards.filter(({ state }) => state !== "ended").length)
  );
}

function cellOf(
  { owner, worker, live }: WorkerRow,
  column: string,
  state: ConsoleState,
  open: number,
): ComponentChildren {
  switch (column) {
    case "worker":
      return (
        <span class="mono" title={owner}>
          {shortOwner(owner)}
        </span>
      );
    case "kind":
      return worker?.kind === "kcl" ? "Java KCL" : "this library";
    case "shards":
      return count(shardsOf(worker, live));
    case "share":
      return (
        <span class="share" aria-hidden="true">
          <span style={{ width: `${(100 * shardsOf(worker, live)) / Math.max(1, open)}%` }} />
        </span>
      );
    case "renewed":
      return worker === undefined ? (
        NOTHING
      ) : worker.isRenewing === false ? (
        <span class="warn">
          {worker.renewedAgoMs === null
            ? `not for ${duration(state.fleet?.failoverTimeMs)}`
            : ago(worker.renewedAgoMs)}
        </span>
      ) : worker.renewedAgoMs === null ? (
        "watching"
      ) : (
        ago(worker.renewedAgoMs)
      );
    case "role":
      return live === undefined ? NOTHING : `${live.fleetRole}${live.isLeader ? ", leader" : ""}`;
    case "memory":
      return live === undefined
        ? NOTHING
        : `${bytes(live.readAheadBytes)} of ${bytes(live.maxReadAheadBytes)}`;
    case "records":
      return count(live?.totals.recordsEmitted);
    case "up":
      return live === undefined ? NOTHING : duration(state.nowMs - live.startedMs);
    default:
      return live === undefined ? (
        NOTHING
      ) : (
        <span class={live.health.status === "ok" ? "" : "warn"} title={live.health.reasons[0]?.cure}>
          {live.state === "running" ? live.health.status : live.state}
        </span>
      );
  }
}
