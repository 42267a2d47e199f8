export { type Admin, type AdminConnector, startAdmin } from "./server.js";
export type { AdminOptions, ShownOptions } from "./options.js";
export type { RecentError } from "./recent-errors.js";
