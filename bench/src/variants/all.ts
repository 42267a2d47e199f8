import type { Row, Variant } from "../rows/variant.js";
import { connector } from "./connector.js";
import { emission } from "./emission.js";
import { formats } from "./formats.js";
import { http } from "./http.js";
import { lifion } from "./lifion.js";
import { limits } from "./limits.js";
import { payloads } from "./payloads.js";
import { sdk } from "./sdk.js";
import { shape } from "./shape.js";
import { telemetry } from "./telemetry.js";
import { threads } from "./threads.js";

const VARIANTS: readonly Variant[] = [
  ...limits,
  ...sdk,
  ...lifion,
  ...connector,
  ...telemetry,
  ...http,
  ...emission,
  ...threads,
  ...formats,
  ...payloads,
  ...shape,
];

/** Every row there is, in the order of the table. */
export function allRows(): readonly Row[] {
  return VARIANTS.flatMap((variant) =>
    variant.sets.flatMap((set) => variant.transports.map((transport) => ({ variant, set, transport }))),
  );
}
