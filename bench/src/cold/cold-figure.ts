import type { Spread } from "../rows/spread.js";

/** What a process takes to begin, or to wait. */
export interface ColdFigure {
  readonly name: string;
  readonly label: string;
  readonly unit: "ms" | "MB";
  readonly value: Spread;
}
