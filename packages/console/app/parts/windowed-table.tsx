import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { windowOf } from "../model/rows.js";

/** One column. `key` is set where it can be sorted by. */
export interface Column<Key extends string> {
  readonly id: string;
  readonly title: string;
  readonly key?: Key;
  readonly isNumber?: boolean;
  /** 1: always there; 2: from a tablet up; 3: on a wide screen. */
  readonly from: 1 | 2 | 3;
}

interface WindowedTableProps<Item, Key extends string> {
  readonly caption: string;
  readonly columns: readonly Column<Key>[];
  readonly items: readonly Item[];
  readonly idOf: (item: Item) => string;
  readonly cell: (item: Item, column: string) => ComponentChildren;
  readonly rowClass?: (item: Item) => string;
  readonly sort?: { readonly key: Key; readonly isDescending: boolean };
  readonly sortBy?: (key: Key) => void;
  readonly empty: ComponentChildren;
}

const ROW_HEIGHT = 34;
const STEP = 4 * ROW_HEIGHT;

/** A real table of any length that draws the rows in sight alone. */
export function WindowedTable<Item, Key extends string>(props: WindowedTableProps<Item, Key>): VNode {
  const { caption, columns, items, idOf, cell, rowClass, sort, sortBy, empty } = props;
  const box = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ scrollTop: 0, height: 800 });
  const look = (): void => {
    const { current } = box;
    if (current === null) return;
    // Rows are drawn a few at a time: what is around those in sight is enough until then.
    const scrollTop = Math.floor(current.scrollTop / STEP) * STEP;
    const height = current.clientHeight;
    setSight((before) =>
      before.scrollTop === scrollTop && before.height === height ? before : { scrollTop, height },
    );
  };
  useEffect(() => {
    look();
    const { current } = box;
    if (current === null) return undefined;
    const watcher = new ResizeObserver(look);
    watcher.observe(current);
    return () => watcher.disconnect();
  }, []);
  const { from, to } = windowOf(items.length, { ...sight, rowHeight: ROW_HEIGHT });
  const space = (rows: number): VNode | null =>
    rows === 0 ? null : (
      <tr aria-hidden="true" class="space">
        <td colSpan={columns.length} style={{ height: `${rows * ROW_HEIGHT}px` }} />
      </tr>
    );
  return (
    <div class="scroll" ref={box} onScroll={look} tabIndex={0} role="region" aria-label={caption}>
      <table aria-rowcount={items.length + 1}>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ id, title, key, isNumber, from: width }) => {
              const isSorted = key !== undefined && sort?.key === key;
              return (
                <th
                  key={id}
                  scope="col"
                  class={`w${width}${isNumber === true ? " number" : ""} c-${id}`}
                  aria-sort={isSorted ? (sort.isDescending ? "descending" : "ascending") : undefined}
                >
                  {key === undefined || sortBy === undefined ? (
                    title
                  ) : (
                    <button type="button" class="plain" onClick={() => sortBy(key)}>
                      {title}
                      <span aria-hidden="true" class="arrow">
                        {isSorted ? (sort.isDescending ? "▾" : "▴") : ""}
                      </span>
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {space(from)}
          {items.slice(from, to).map((item, index) => (
            <tr key={idOf(item)} aria-rowindex={from + index + 2} class={rowClass?.(item)}>
              {columns.map(({ id, isNumber, from: width }, place) => {
                const kind = `w${width}${isNumber === true ? " number" : ""} c-${id}`;
                return place === 0 ? (
                  <th key={id} scope="row" class={kind}>
                    {cell(item, id)}
                  </th>
                ) : (
                  <td key={id} class={kind}>
                    {cell(item, id)}
                  </td>
                );
              })}
            </tr>
          ))}
          {space(items.length - to)}
        </tbody>
      </table>
      {items.length === 0 && <p class="quiet pad">{empty}</p>}
    </div>
  );
}
