/** A stream of the process, as far as a command uses one. */
export interface OutputStream {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal, asked anew each time. */
  readonly columns?: number | undefined;
}

/** Standard input, and whether somebody types it. */
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
