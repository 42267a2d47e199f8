/**
 * What is broken of how an emitter reads the answers of a service that takes a request entry by entry.
 * - `refused-believed`: entries that were refused count as taken. `refused-elsewhere`: the entry behind a refused one is taken for it.
 * - `throttled-believed`: a request that was throttled counts as taken.
 * - `ids-anew`: each request has deduplication ids of its own.
 */
export type BrokenPut = "refused-believed" | "refused-elsewhere" | "throttled-believed" | "ids-anew";

export const BROKEN_PUTS: readonly BrokenPut[] = [
  "refused-believed",
  "refused-elsewhere",
  "throttled-believed",
  "ids-anew",
];

/** Which entries an emitter is told of as taken: those that were, unless how it reads that is broken. */
export function told(wasTaken: readonly boolean[], broken: BrokenPut | undefined): readonly boolean[] {
  if (broken === "refused-believed") return wasTaken.map(() => true);
  if (broken === "refused-elsewhere") return wasTaken.map((_, index) => wasTaken.at(index - 1) ?? true);
  return wasTaken;
}
