export type { KclChildOptions } from "./options.js";
export type { DaemonLink } from "./protocol/daemon-link.js";
export { runKclChild } from "./run-kcl-child.js";
