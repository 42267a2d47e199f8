import { parentPort, workerData } from "node:worker_threads";

import type { ThreadSetup } from "./messages.js";
import { ThreadWork } from "./thread-work.js";

// The program of a thread; `EngineThread` starts it.
if (parentPort === null) throw new Error("this program is the thread of a connector: see the option threads");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
new ThreadWork(parentPort, workerData as ThreadSetup).start();
