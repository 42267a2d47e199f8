import { fileURLToPath } from "node:url";

export type {
  ConsoleAccess,
  ConsoleError,
  ConsoleFleet,
  ConsoleProcess,
  ConsoleReset,
  ConsoleShard,
  ConsoleSnapshot,
  ConsoleState,
  ConsoleTrouble,
  ConsoleWorker,
} from "./state.js";

/** The folder of the console's files, for a server that hands them to a browser: `index.html` and what it loads, all of it local. */
export const consoleFolder: string = fileURLToPath(new URL("../dist/app/", import.meta.url));
