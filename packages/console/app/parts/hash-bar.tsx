import type { VNode } from "preact";
import { percent, shortShard } from "../model/format.js";
import { holesOf, segmentsOf } from "../model/hash-keys.js";
import type { Row } from "../model/rows.js";

interface HashBarProps {
  readonly rows: readonly Row[];
  readonly chosen?: string | undefined;
  readonly choose: (shardId: string) => void;
}

/** Narrower pieces have no room for a number. */
const MIN_LABELLED = 0.018;

/** All hash keys from left to right, each open shard with its part: holes are seen at once. The table says the same in figures. */
export function HashBar({ rows, chosen, choose }: HashBarProps): VNode {
  const segments = segmentsOf(rows);
  if (segments.length === 0)
    return <p class="quiet">The rows do not say which hash keys their shards have.</p>;
  const holes = holesOf(segments);
  const shards = segments.filter(({ row }) => row !== null).length;
  const says = `${shards} open shards; ${holes === 0 ? "no hole: every hash key has a shard" : `${percent(holes)} of the hash keys have no open shard`}`;
  return (
    <figure class="hash">
      <div class={segments.length > 150 ? "keys dense" : "keys"} role="img" aria-label={`Hash keys: ${says}`}>
        {segments.map(({ from, to, row }) => (
          // A second way to what the table offers by keyboard.
          <span
            key={row?.shardId ?? `hole ${from}`}
            class={`piece ${row === null ? "hole" : row.state}${row !== null && row.shardId === chosen ? " chosen" : ""}`}
            style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
            title={
              row === null
                ? `hole: ${percent(to - from)}`
                : `shard ${shortShard(row.shardId)}: ${percent(to - from)}, ${row.state}`
            }
            onClick={() => {
              if (row !== null) choose(row.shardId);
            }}
          >
            {row !== null && to - from >= MIN_LABELLED ? shortShard(row.shardId) : ""}
          </span>
        ))}
      </div>
      <figcaption class={holes === 0 ? "quiet" : "warn"}>
        hash keys 0 to 2¹²⁸ · {holes === 0 ? "no holes" : `holes: ${percent(holes)}`}
      </figcaption>
    </figure>
  );
}
