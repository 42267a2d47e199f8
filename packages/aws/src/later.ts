/** Something that is made when it is first asked for. */
export interface Later<Made> {
  /** The same one each time; tries again after a failure. */
  readonly made: () => Promise<Made>;
  /** Ends what has been made, or is being made; makes nothing for it. */
  readonly end: () => void;
}

/** Makes something once, when it is first asked for, and ends it by `end`. */
export function later<Made>(make: () => Promise<Made>, end: (made: Made) => void): Later<Made> {
  let making: Promise<Made> | undefined;
  let known: { readonly made: Made } | undefined;
  let isEnded = false;
  const makeNow = async (): Promise<Made> => {
    const made = await make();
    known = { made };
    if (isEnded) end(made);
    return made;
  };
  // Behind the promise, which has been kept by then also where `make` throws at once.
  const forget = (error: unknown): never => {
    making = undefined;
    throw error;
  };
  return {
    made: () => (making ??= makeNow().catch(forget)),
    end: () => {
      isEnded = true;
      if (known !== undefined) end(known.made);
    },
  };
}
