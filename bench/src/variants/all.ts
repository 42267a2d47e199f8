import { type ListedRow, rowsOf, type Variant } from "../rows/variant.js";
import { variants as connector } from "./connector.js";
import { variants as emission } from "./emission.js";
import { variants as formats } from "./formats.js";
import { variants as http } from "./http.js";
import { variants as lifion } from "./lifion.js";
import { variants as limits } from "./limits.js";
import { variants as objects } from "./objects.js";
import { variants as payloads } from "./payloads.js";
import { variants as peers } from "./peers.js";
import { variants as sdkReading } from "./sdk-reading.js";
import { variants as sdkWriting } from "./sdk-writing.js";
import { variants as shape } from "./shape.js";
import { variants as telemetry } from "./telemetry.js";
import { variants as threads } from "./threads.js";

/** By the names of their files, in the order of the table. */
const MODULES: Readonly<Record<string, readonly Variant[]>> = {
  limits,
  "sdk-reading": sdkReading,
  lifion,
  peers,
  connector,
  telemetry,
  http,
  "sdk-writing": sdkWriting,
  emission,
  objects,
  formats,
  payloads,
  threads,
  shape,
};

/** Every row there is, in the order of the table. */
export function allRows(): readonly ListedRow[] {
  return Object.entries(MODULES).flatMap(([module, variants]) =>
    rowsOf(variants).map(({ variant, set, transport }) => ({ variant, set, transport, module })),
  );
}
