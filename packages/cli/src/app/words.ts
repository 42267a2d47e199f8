/** The word that asks for the completions of a command line; no help shows it. */
export const COMPLETE = "__complete";

/** The names of the command. */
export const NAMES: readonly ["kinesis-connectors", "kc"] = ["kinesis-connectors", "kc"];
