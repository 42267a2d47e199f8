import { ADDRESSES_VARIABLE } from "./stage-process.js";
import { type Addresses, startStageTwo } from "./stages.js";

// Stage two as a process: whoever starts it writes the addresses, and stops it by SIGTERM.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
await using stage = await startStageTwo(JSON.parse(process.env[ADDRESSES_VARIABLE] ?? "{}") as Addresses);
process.once("SIGTERM", () => void stage.stop());
// Ctrl-C reaches the whole group: the process that started this one says when it is over.
process.on("SIGINT", () => undefined);
await stage.done;
