/** The shells that a script is written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that completes words. */
export type Shell = (typeof SHELLS)[number];
