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

/**
 * Merges sources that are each in the order of the stream into one that is, some at a time; what has the same position is one. A page of each source is in
 * memory.
 */
export async function* merged<One extends Placed>(
  sources: readonly AsyncIterable<readonly One[]>[],
  maxPage: number,
): AsyncGenerator<readonly One[], void> {
  const heads: Head<One>[] = [];
  try {
    const opened = sources.map((source): Head<One> => ({
      pages: source[Symbol.asyncIterator](),
      page: [],
      at: 0,
    }));
    heads.push(...opened);
    const isFilled = await Promise.all(opened.map(filled));
    heads.splice(0, heads.length, ...opened.filter((_, nth) => isFilled[nth]));
    // A heap: a batch may have hundreds of objects.
    for (let nth = (heads.length >> 1) - 1; nth >= 0; nth -= 1) sink(heads, nth);
    let page: One[] = [];
    let last: Position | undefined;
    for (let head = heads[0]; head !== undefined; head = heads[0]) {
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
