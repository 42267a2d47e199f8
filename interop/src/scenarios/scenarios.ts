import { cloudwatch } from "./cloudwatch.js";
import { control } from "./control.js";
import { differential } from "./differential.js";
import { joining } from "./joining.js";
import { leader } from "./leader.js";
import { migrate } from "./migrate/migrate.js";
import { mixed } from "./mixed.js";
import { native } from "./native.js";
import { positions } from "./positions.js";
import type { Scenario } from "./scenario.js";
import { smoke } from "./smoke.js";
import { switchOver } from "./switch.js";

/** All of them, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  smoke,
  differential,
  positions,
  mixed,
  migrate,
  native,
  switchOver,
  leader,
  joining,
  control,
  cloudwatch,
];
