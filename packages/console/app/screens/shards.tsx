import type { ComponentChildren, VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { ConsoleState } from "../../src/index.js";
import type { Asks } from "../model/asks.js";
import {
  ago,
  bytes,
  count,
  fineDuration,
  NOTHING,
  shortOwner,
  shortPosition,
  shortShard,
} from "../model/format.js";
import type { History } from "../model/history.js";
import { type Filter, FILTERS, isShown, type Row, type Sort, sorted, type SortKey } from "../model/rows.js";
import type { View } from "../model/watch.js";
import { HashBar } from "../parts/hash-bar.js";
import { StateMark } from "../parts/mark.js";
import { ShardDetail } from "../parts/shard-detail.js";
import { ShardLink } from "../parts/shard-link.js";
import { Sparkline } from "../parts/sparkline.js";
import { type Column, WindowedTable } from "../parts/windowed-table.js";

interface ShardsProps {
  readonly view: View;
  readonly state: ConsoleState;
  readonly asks: Asks;
  readonly shardId: string | undefined;
}

const COLUMNS: readonly Column<SortKey>[] = [
  { id: "shard", title: "Shard", key: "shard", from: 1 },
  { id: "state", title: "State", key: "state", from: 1 },
  { id: "delivered", title: "Delivered", key: "delivered", isNumber: true, from: 1 },
  { id: "lag", title: "Lag", from: 2 },
  { id: "behind", title: "Reading behind", key: "behind", isNumber: true, from: 3 },
  { id: "buffer", title: "Buffer", key: "buffer", isNumber: true, from: 3 },
  { id: "batch", title: "Batch", from: 3 },
  { id: "owner", title: "Owner", key: "owner", from: 2 },
  { id: "checkpoint", title: "Checkpoint", isNumber: true, from: 2 },
  { id: "family", title: "Lineage", from: 3 },
  { id: "actions", title: "Change", from: 1 },
];

/** Every shard in a table that is windowed, with its place among the hash keys; one of them in full. */
export function Shards({ view, state, asks, shardId }: ShardsProps): VNode {
  const { rows, history } = view;
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const [sort, setSort] = useState<Sort>({ key: "shard", isDescending: false });
  const mayChange = state.access === "allowed" && state.fleet !== null;
  const wanted = text.trim().toLowerCase();
  const shown = useMemo(
    () =>
      sorted(
        rows.filter(
          (row) =>
            isShown(row, filter) &&
            (wanted === "" ||
              row.shardId.toLowerCase().includes(wanted) ||
              (row.owner ?? "").toLowerCase().includes(wanted)),
        ),
        sort,
      ),
    [rows, filter, wanted, sort],
  );
  const counts = useMemo(
    () => new Map(FILTERS.map((one) => [one, rows.filter((row) => isShown(row, one)).length])),
    [rows],
  );
  const chosen = rows.find((row) => row.shardId === shardId);
  const columns = mayChange ? COLUMNS : COLUMNS.filter(({ id }) => id !== "actions");
  const openCount = rows.filter((row) => row.state !== "ended").length;
  return (
    <>
      <div class="tools">
        <h2>Shards</h2>
        <div role="group" aria-label="Which shards" class="segments">
          {FILTERS.map((one) => (
            <button key={one} type="button" aria-pressed={filter === one} onClick={() => setFilter(one)}>
              {one} <span class="number">{count(counts.get(one))}</span>
            </button>
          ))}
        </div>
        <input
          type="search"
          placeholder="shard or owner"
          aria-label="Shard or owner"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="space" />
        {mayChange && (
          <span class="group">
            <button type="button" disabled={openCount === 0} onClick={() => asks.change("pause", undefined)}>
              Pause all…
            </button>
            <button
              type="button"
              disabled={!rows.some(({ paused }) => paused !== null)}
              onClick={() => asks.change("resume", undefined)}
            >
              Resume all…
            </button>
            <button type="button" disabled={openCount === 0} onClick={() => asks.change("reset", undefined)}>
              Reset all…
            </button>
          </span>
        )}
      </div>
      <HashBar rows={rows} chosen={shardId} choose={asks.shard} />
      <div class={chosen === undefined ? "" : "beside"}>
        <WindowedTable<Row, SortKey>
          caption="Shards"
          columns={columns}
          items={shown}
          idOf={(row) => row.shardId}
          rowClass={(row) => `${row.state}${row.shardId === shardId ? " chosen" : ""}`}
          cell={(row, column) => cellOf(row, column, { asks, history, state })}
          sort={sort}
          sortBy={(key) =>
            setSort((before) => ({
              key,
              // Of times and sizes the largest is looked for; of names the first.
              isDescending:
                before.key === key
                  ? !before.isDescending
                  : key !== "shard" && key !== "owner" && key !== "state",
            }))
          }
          empty={
            rows.length === 0
              ? "No shard has a lease yet: the first worker that starts writes them."
              : "No shard is like this."
          }
        />
        {chosen !== undefined && (
          <ShardDetail row={chosen} rows={rows} state={state} asks={asks} mayChange={mayChange} />
        )}
      </div>
    </>
  );
}

interface CellContext {
  readonly asks: Asks;
  readonly history: History;
  readonly state: ConsoleState;
}

function cellOf(row: Row, column: string, { asks, history, state }: CellContext): ComponentChildren {
  const { shardId, live } = row;
  switch (column) {
    case "shard":
      return <ShardLink shardId={shardId} asks={asks} />;
    case "state":
      return (
        <>
          <StateMark state={row.state} />
          {row.attention !== null && (
            <span class="warn flag" title={row.attention}>
              !<span class="hidden"> {row.attention}</span>
            </span>
          )}
        </>
      );
    case "delivered":
      return ago(row.deliveredAgoMs);
    case "lag":
      return row.state === "ended" ? "" : <Sparkline values={history.ofShard(shardId)} atLeast={10} />;
    case "behind":
      return fineDuration(row.behindMs);
    case "buffer":
      return live === null ? (
        NOTHING
      ) : (
        <>
          {count(live.bufferedRecords)} rec <span class="bytes">{bytes(live.bufferedBytes)}</span>
        </>
      );
    case "batch":
      return batchText(row, state.nowMs);
    case "owner":
      return row.owner === null ? (
        NOTHING
      ) : (
        <span title={row.owner}>
          {shortOwner(row.owner)}
          {row.ownerKind === "kcl" && <span class="tag">kcl</span>}
          {row.nextOwner !== null && ` → ${shortOwner(row.nextOwner)}`}
        </span>
      );
    case "checkpoint":
      return <span class="mono">{shortPosition(row.checkpoint, row.subSequenceNumber)}</span>;
    case "family":
      return familyText(row);
    default:
      return row.state === "ended" ? (
        ""
      ) : row.paused === null ? (
        <button
          type="button"
          onClick={() => asks.change("pause", [shardId])}
          aria-label={`Pause shard ${shortShard(shardId)}`}
        >
          Pause
        </button>
      ) : (
        <button
          type="button"
          onClick={() => asks.change("resume", [shardId])}
          aria-label={`Resume shard ${shortShard(shardId)}`}
        >
          Resume
        </button>
      );
  }
}

function batchText({ live, pending, paused }: Row, nowMs: number): ComponentChildren {
  if (paused !== null) return `${paused.by === null ? "" : `by ${paused.by} `}${ago(nowMs - paused.sinceMs)}`;
  const batch = live?.batchUnderWay;
  if (batch !== undefined) {
    const text = `${count(batch.records)} rec, ${fineDuration(nowMs - batch.sinceMs)}`;
    return batch.failedAttempts === 0 ? (
      text
    ) : (
      <span class="warn">
        try {batch.failedAttempts + 1}, {batch.lastError ?? "failed"}
      </span>
    );
  }
  if (pending === null) return NOTHING;
  return pending.records === null ? "prepared" : `${count(pending.records)} rec prepared`;
}

function familyText({ parents, children }: Row): string {
  const from = parents.length === 0 ? "" : `${parents.map(shortShard).join(", ")} →`;
  const into = children.length === 0 ? "" : `→ ${children.map(shortShard).join(", ")}`;
  return [from, into].filter((part) => part !== "").join(" · ") || NOTHING;
}
