/** The way between a child and its daemon: lines of text, both ways. */
export interface DaemonLink {
  /** Lines from the daemon, without their ends; over when the daemon is gone, or has nothing more to say. */
  readonly lines: AsyncIterable<string>;
  /** Writes one line to the daemon. Never throws: a daemon that is gone is noticed by the end of its lines. */
  readonly write: (line: string) => void;
  /** Takes no more lines. */
  readonly close: () => void;
}
