/** Lets many in together, or one alone. First come, first served, so that nobody waits for ever. */
export interface Gate {
  /** Runs beside other shared work. */
  readonly shared: <Value>(work: () => Promise<Value>) => Promise<Value>;
  /** Runs when everything before it is done, and alone. */
  readonly alone: <Value>(work: () => Promise<Value>) => Promise<Value>;
}

/** Opens a gate with nobody inside. */
export function createGate(): Gate {
  // `lastAlone` ends with the newest exclusive work; `sharedSince` with the shared work let in after it.
  let lastAlone: Promise<unknown> = Promise.resolve();
  let sharedSince: Promise<unknown>[] = [];
  return {
    shared: async (work) => {
      const running = lastAlone.then(work);
      const settled = running.then(ignore, ignore);
      sharedSince.push(settled);
      void settled.then(() => {
        sharedSince = sharedSince.filter((other) => other !== settled);
      });
      return running;
    },
    alone: async (work) => {
      const running = Promise.all([lastAlone, ...sharedSince]).then(work);
      lastAlone = running.then(ignore, ignore);
      sharedSince = [];
      return running;
    },
  };
}

function ignore(): void {
  // The outcome belongs to whoever asked for the work; here only its end matters.
}
