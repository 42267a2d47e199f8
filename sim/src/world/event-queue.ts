/** Something that will happen at a moment of virtual time. */
export interface QueuedEvent {
  readonly atMs: number;
  /** Drawn from the seed: which of several events of one moment happens first. */
  readonly tieBreak: number;
  readonly id: number;
}

/** Events in the order (time, tie-break, id): a binary heap. */
export class EventQueue<Event extends QueuedEvent> {
  readonly #heap: Event[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Event;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  if (one.atMs !== other.atMs) return one.atMs < other.atMs;
  if (one.tieBreak !== other.tieBreak) return one.tieBreak < other.tieBreak;
  return one.id < other.id;
}
