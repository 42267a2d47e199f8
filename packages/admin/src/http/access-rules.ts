import { isIP } from "node:net";

/** Who may ask what. */
export interface AccessRules {
  /** For everything. Undefined: nobody may change anything. */
  readonly token: string | undefined;
  /** For GET alone. */
  readonly readToken: string | undefined;
  /** Whether a page that was opened by its whole address has the token: that is where somebody without it finds it. Default false. */
  readonly tokenIsInAddress?: boolean;
  /** Names that a `Host` may have besides this machine's own, in small letters. */
  readonly allowedHosts: readonly string[];
}

/** Whether a name or address is this machine's own and is reached from nowhere else. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.split(".", 1)[0] === "127");
}
