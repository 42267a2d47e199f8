import { hostname, userInfo } from "node:os";

/** Who steers, as others see it: `user@host`. */
export function whoami(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A container may run under a number that has no name.
    return `uid-${process.getuid?.() ?? "?"}@${hostname()}`;
  }
}
