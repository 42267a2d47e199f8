/** A step of a load: lock the ledger, read whether the batch is in it, copy and note it, commit. */
export type LoadStep = "lock" | "read" | "copy" | "commit";

/** What all interleavings of two loaders of one batch came to. */
export interface LoadResult {
  readonly states: number;
  /** States in which both loaders have ended. */
  readonly final: number;
  readonly duplicateLoad: boolean;
}

interface Loader {
  readonly at: number;
  /** The ledger as of the first read, which a transaction under snapshot isolation keeps; LOCK does not take it. */
  readonly snapshot: number | undefined;
}

interface LoadState {
  readonly loaders: readonly Loader[];
  readonly lockedBy: number | undefined;
  readonly ledgerRows: number;
  readonly copies: number;
}

/** Walks every interleaving of two loaders that do the same steps for the same batch, under snapshot isolation. */
export function exploreLoads(steps: readonly LoadStep[]): LoadResult {
  const first: LoadState = {
    loaders: [
      { at: 0, snapshot: undefined },
      { at: 0, snapshot: undefined },
    ],
    lockedBy: undefined,
    ledgerRows: 0,
    copies: 0,
  };
  const seen = new Set([JSON.stringify(first)]);
  const queue = [first];
  let final = 0;
  let duplicateLoad = false;
  for (const state of queue) {
    duplicateLoad ||= state.copies > 1;
    if (state.loaders.every(({ at }) => at === steps.length)) final += 1;
    for (const index of state.loaders.keys()) {
      const next = advanced(state, index, steps);
      if (next === undefined) continue;
      const name = JSON.stringify(next);
      if (seen.has(name)) continue;
      seen.add(name);
      queue.push(next);
    }
  }
  return { states: seen.size, final, duplicateLoad };
}

/** The state after the next step of one loader; undefined when it has ended or waits for the lock. */
function advanced(state: LoadState, index: number, steps: readonly LoadStep[]): LoadState | undefined {
  const loader = state.loaders[index] as Loader;
  const step = steps[loader.at];
  let { lockedBy, ledgerRows, copies } = state;
  let { snapshot } = loader;
  switch (step) {
    case undefined:
      return undefined;
    case "lock":
      if (lockedBy !== undefined && lockedBy !== index) return undefined;
      lockedBy = index;
      break;
    case "read":
      snapshot ??= ledgerRows;
      break;
    case "commit":
      if (snapshot === 0) {
        ledgerRows += 1;
        copies += 1;
      }
      if (lockedBy === index) lockedBy = undefined;
      break;
    default:
      step satisfies "copy";
  }
  return {
    loaders: state.loaders.with(index, { at: loader.at + 1, snapshot }),
    lockedBy,
    ledgerRows,
    copies,
  };
}
