export { type Admin, type AdminConnector, startAdmin } from "./start-admin.js";
export type { AdminOptions } from "./options.js";
export type { RecentError } from "./watching/recent-errors.js";
export type { ToldError } from "./watching/told-event.js";
export type { ShownOptions } from "./watching/shown-options.js";
export {
  type ConsoleApplication,
  type ConsoleOptions,
  type ConsoleServer,
  startConsole,
} from "./start-console.js";
export { consoleProblem } from "./console/found-files.js";
export type { RemoteProcess } from "./console/remote-address.js";
