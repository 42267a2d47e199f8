import { comparePositions, type Position } from "@kinesis-connectors/core";

/** What has a position. */
interface Placed {
  readonly position: Position;
}

interface Head<One extends Placed> {
  readonly pages: AsyncIterator<readonly One[], unknown>;
  page: readonly One[];
  at: number;
}

/** A source that is in the order of the stream. */
export interface Ordered<One extends Placed> {
  /** Nothing of it comes before this position. */
  readonly first: Position;
  readonly pages: AsyncIterable<readonly One[]>;
}

/**
 * Merges sources that are each in the order of the stream into one that is, some at a time; what has the same position is one. A page of each source that
 * has been begun is in memory, and none is begun before its first position is reached: of batches that overlap one by one there may be thousands.
 * @param sources by their first positions
 */
export async function* merged<One extends Placed>(
  sources: readonly Ordered<One>[],
  maxPage: number,
): AsyncGenerator<readonly One[], void> {
  /** Those that are begun: a heap, because a batch may have hundreds of objects. */
  const heads: Head<One>[] = [];
  let begun = 0;
  /** Whether the next source may hold what comes next. */
  const isDue = (): boolean => {
    const next = sources[begun];
    const head = heads[0];
    if (next === undefined || head === undefined) return next !== undefined;
    return comparePositions(next.first, (head.page[head.at] as One).position) <= 0;
  };
  /** Begins it, and those that begin where it does. */
  const beginDue = async (): Promise<void> => {
    const dueTo = sources[begun]?.first;
    if (dueTo === undefined) return;
    const opened: Head<One>[] = [];
    for (let next = sources[begun]; next !== undefined; next = sources[begun]) {
      if (comparePositions(next.first, dueTo) > 0) break;
      opened.push({ pages: next.pages[Symbol.asyncIterator](), page: [], at: 0 });
      begun += 1;
    }
    const held = heads.splice(0);
    heads.push(...held, ...opened);
    const isFilled = await Promise.all(opened.map(filled));
    heads.splice(0, heads.length, ...held, ...opened.filter((_, nth) => isFilled[nth]));
    for (let nth = (heads.length >> 1) - 1; nth >= 0; nth -= 1) sink(heads, nth);
  };
  try {
    let page: One[] = [];
    let last: Position | undefined;
    for (;;) {
      while (isDue()) await beginDue();
      const head = heads[0];
      if (head === undefined) break;
      const one = head.page[head.at] as One;
      if (last === undefined || comparePositions(last, one.position) !== 0) page.push(one);
      last = one.position;
      head.at += 1;
      if (head.at === head.page.length && !(await filled(head))) {
        const end = heads.pop();
        if (end !== undefined && end !== head) heads[0] = end;
      }
      sink(heads, 0);
      if (page.length < maxPage) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  } finally {
    for (const { pages } of heads) await pages.return?.();
  }
}

async function filled<One extends Placed>(head: Head<One>): Promise<boolean> {
  for (;;) {
    const { done, value } = await head.pages.next();
    if (done === true) return false;
    if (value.length === 0) continue;
    head.page = value;
    head.at = 0;
    return true;
  }
}

function sink<One extends Placed>(heads: Head<One>[], from: number): void {
  for (let at = from; ;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2])
      if (child < heads.length && isBefore(heads[child], heads[least])) least = child;
    if (least === at) return;
    [heads[at], heads[least]] = [heads[least] as Head<One>, heads[at] as Head<One>];
    at = least;
  }
}

function isBefore<One extends Placed>(a: Head<One> | undefined, b: Head<One> | undefined): boolean {
  const [one, other] = [a?.page[a.at], b?.page[b.at]];
  return one !== undefined && other !== undefined && comparePositions(one.position, other.position) < 0;
}
