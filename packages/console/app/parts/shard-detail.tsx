import type { VNode } from "preact";
import type { ConsoleState } from "../../src/index.js";
import type { Asks } from "../model/asks.js";
import { ago, bytes, count, duration, fineDuration, NOTHING, percent, shortShard } from "../model/format.js";
import { shareOf } from "../model/hash-keys.js";
import type { Row } from "../model/rows.js";
import { Fact } from "./fact.js";
import { StateMark } from "./mark.js";

interface ShardDetailProps {
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly state: ConsoleState;
  readonly asks: Asks;
  readonly mayChange: boolean;
}

/** One shard in full: what the table cuts short, its lineage, what can be done. */
export function ShardDetail({ row, rows, state, asks, mayChange }: ShardDetailProps): VNode {
  const { live, paused, hashKeyRange } = row;
  const isOpen = row.state !== "ended";
  return (
    <aside class="card detail" aria-labelledby="detail-title">
      <h3 id="detail-title">
        Shard {shortShard(row.shardId)} <StateMark state={row.state} />
        <span class="space" />
        <a href="#/shards" class="plain icon" aria-label="Close this shard">
          ×
        </a>
      </h3>
      {row.attention !== null && <p class="warn">{row.attention}.</p>}
      {mayChange && isOpen && (
        <p class="group">
          {paused === null ? (
            <button type="button" onClick={() => asks.change("pause", [row.shardId])}>
              Pause…
            </button>
          ) : (
            <button type="button" onClick={() => asks.change("resume", [row.shardId])}>
              Resume…
            </button>
          )}
          <button type="button" onClick={() => asks.change("reset", [row.shardId])}>
            Reset…
          </button>
        </p>
      )}
      <h4>Lineage</h4>
      <p class="lineage">
        <Family ids={row.parents} rows={rows} asks={asks} none="begun with the stream" />
        <span aria-label="leads to"> → </span>
        <b>{shortShard(row.shardId)}</b>
        <span aria-label="leads to"> → </span>
        <Family ids={row.children} rows={rows} asks={asks} none={isOpen ? "open" : "nothing"} />
      </p>
      <dl class="facts">
        <Fact name="id">
          <code>{row.shardId}</code>
        </Fact>
        <Fact name="owner">{row.owner ?? "nobody"}</Fact>
        {row.nextOwner !== null && <Fact name="next owner">{row.nextOwner}</Fact>}
        {paused !== null && (
          <Fact name="paused">
            {paused.by === null ? "" : `by ${paused.by}, `}
            {ago(state.nowMs - paused.sinceMs)}
            {paused.isDone ? "" : ", its owner has not stopped yet"}
          </Fact>
        )}
        <Fact name="delivered">{ago(row.deliveredAgoMs)}</Fact>
        <Fact name="checkpoint">
          <code class="long">{row.checkpoint || NOTHING}</code>
          {/^\d+$/.test(row.checkpoint) && ` (.${row.subSequenceNumber})`}
        </Fact>
        <Fact name="owners since the last checkpoint">{count(row.ownerSwitches)}</Fact>
        {hashKeyRange !== null && (
          <Fact name="hash keys">
            <code class="long">{hashKeyRange.startingHashKey}</code> to{" "}
            <code class="long">{hashKeyRange.endingHashKey}</code> ({percent(shareOf(hashKeyRange))})
          </Fact>
        )}
        {live !== null && (
          <>
            <Fact name="read">{count(live.recordsRead)} records</Fact>
            <Fact name="emitted">
              {count(live.recordsEmitted)}, filtered {count(live.recordsFiltered)}, dead letters{" "}
              {count(live.deadLetters)}
            </Fact>
            <Fact name="buffer">
              {count(live.bufferedRecords)} records, {bytes(live.bufferedBytes)}
            </Fact>
            <Fact name="reading behind">{fineDuration(live.millisBehindLatest)}</Fact>
            <Fact name="retention left">{duration(live.retentionLeftMs)}</Fact>
          </>
        )}
      </dl>
    </aside>
  );
}

interface FamilyProps {
  readonly ids: readonly string[];
  readonly rows: readonly Row[];
  readonly asks: Asks;
  readonly none: string;
}

function Family({ ids, rows, asks, none }: FamilyProps): VNode {
  if (ids.length === 0) return <span class="quiet">{none}</span>;
  return (
    <>
      {ids.map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          {rows.some(({ shardId }) => shardId === id) ? (
            <button type="button" class="plain link" onClick={() => asks.shard(id)}>
              {shortShard(id)}
            </button>
          ) : (
            <span class="quiet" title="its row has been cleaned up">
              {shortShard(id)}
            </span>
          )}
        </span>
      ))}
    </>
  );
}
