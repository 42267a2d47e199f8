export { type Admin, type AdminConnector, startAdmin } from "./server.js";
export type { AdminOptions, ShownOptions } from "./options.js";
export type { RecentError } from "./recent-errors.js";
export {
  type ConsoleApplication,
  type ConsoleOptions,
  type ConsoleServer,
  startConsole,
} from "./console/start-console.js";
export { consoleProblem } from "./console/found-files.js";
export type { RemoteProcess } from "./console/remote-address.js";
