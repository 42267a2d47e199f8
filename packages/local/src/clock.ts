import { createHash } from "node:crypto";

/** A timer that can be stopped before it fires. */
export interface Timer {
  readonly cancel: () => void;
}

/** The clock of every server, injected so that expiry, retention and rates can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back once after `delayMs` (0 = as soon as possible); never keeps the process alive. */
  readonly setTimer: (delayMs: number, callback: () => void) => Timer;
}

/** The only source of identifiers and chances; the same seed gives the same ids. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** `length` lower-case hexadecimal digits. */
  readonly hex: (length: number) => string;
  /** Shaped like a version 4 UUID; unique within one seed. */
  readonly uuid: () => string;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (delayMs, callback) => {
    const timeout = setTimeout(callback, delayMs);
    timeout.unref();
    return {
      cancel: () => {
        clearTimeout(timeout);
      },
    };
  },
};

/** A clock that stands still until told to move. */
export interface VirtualClock extends Clock {
  /** Moves time forward, firing the timers on the way in order, each at its own moment. */
  readonly advance: (ms: number) => Promise<void>;
}

/**
 * A clock for tests.
 *
 * @param startMs its first reading, milliseconds since 1970; default 2026-01-01T00:00:00Z
 */
export function virtualClock(startMs = 1_767_225_600_000): VirtualClock {
  let now = startMs;
  let pending: { readonly at: number; readonly callback: () => void }[] = [];
  const breathe = () =>
    new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  return {
    now: () => now,
    setTimer: (delayMs, callback) => {
      const entry = { at: now + Math.max(0, delayMs), callback };
      pending.push(entry);
      return {
        cancel: () => {
          pending = pending.filter((other) => other !== entry);
        },
      };
    },
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        let due: (typeof pending)[number] | undefined;
        for (const entry of pending) if (entry.at <= end && (!due || entry.at < due.at)) due = entry;
        if (!due) break;
        const fired = due;
        pending = pending.filter((other) => other !== fired);
        now = Math.max(now, fired.at);
        fired.callback();
        // Real sockets deliver between two timers, as they would between two moments.
        await breathe();
      }
      now = end;
      await breathe();
    },
  };
}

/** Random numbers of a seed: SHA-256 in counter mode, so that every seed is equally good. */
export function seededRandom(seed: number): Random {
  let block: Buffer = Buffer.alloc(0);
  let position = 0;
  let counter = 0;
  const take = (bytes: number): Buffer => {
    if (position + bytes > block.length) {
      block = createHash("sha256").update(`${seed}:${counter}`).digest();
      counter += 1;
      position = 0;
    }
    position += bytes;
    return block.subarray(position - bytes, position);
  };
  const hex = (length: number): string => {
    let digits = "";
    while (digits.length < length) digits += take(8).toString("hex");
    return digits.slice(0, length);
  };
  return {
    next: () => take(6).readUIntBE(0, 6) / 2 ** 48,
    hex,
    uuid: () => {
      const variant = "89ab"[Math.floor((take(1)[0] ?? 0) / 64)] ?? "8";
      return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
    },
  };
}
