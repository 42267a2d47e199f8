import { cloudwatch } from "./cloudwatch.js";
import { differential } from "./differential.js";
import { migrate } from "./migrate/migrate.js";
import { mixed } from "./mixed.js";
import { native } from "./native.js";
import { positions } from "./positions.js";
import type { Scenario } from "./scenario.js";
import { smoke } from "./smoke.js";

/** All of them, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  smoke,
  differential,
  positions,
  mixed,
  migrate,
  native,
  cloudwatch,
];
