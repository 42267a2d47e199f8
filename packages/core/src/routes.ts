import { KinesisConnectorError } from "./errors.js";

/** What became of one record read: dropped by the filter or without a model, a dead letter, or kept with so many models. */
export type Route = "dropped" | "dead-letter" | number;

/**
 * Gathers the routes of a batch's records, run-length coded: `12k3d1x` is twelve records kept with one model each, three dropped,
 * one dead letter; `2k4;` is two records kept with four models each.
 */
export class RouteLog {
  #coded = "";
  #run = "";
  #length = 0;

  add(route: Route): void {
    const run = code(route);
    if (run === this.#run) {
      this.#length += 1;
      return;
    }
    this.#close();
    this.#run = run;
    this.#length = 1;
  }

  /** Length of the coded routes, in bytes. */
  get bytes(): number {
    return this.#coded.length + (this.#length === 0 ? 0 : String(this.#length).length + this.#run.length);
  }

  toString(): string {
    return this.#length === 0 ? this.#coded : `${this.#coded}${this.#length}${this.#run}`;
  }

  #close(): void {
    if (this.#length > 0) this.#coded += `${this.#length}${this.#run}`;
    this.#length = 0;
  }
}

const RUN = /(\d+)(?:(d)|(x)|k(?:(\d+);)?)/y;

/**
 * The routes of a batch, one per record read.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the text was not written by `RouteLog`
 */
export function* readRoutes(coded: string): Generator<Route, void> {
  const run = new RegExp(RUN);
  let end = 0;
  for (let found = run.exec(coded); found !== null; found = run.exec(coded)) {
    end = run.lastIndex;
    let route: Route = Number(found[4] ?? 1);
    if (found[2] !== undefined) route = "dropped";
    else if (found[3] !== undefined) route = "dead-letter";
    for (let left = Number(found[1]); left > 0; left -= 1) yield route;
  }
  if (end !== coded.length) {
    throw new KinesisConnectorError(
      "KC_REPLAY_DIFFERS",
      "the stored routes of the prepared batch cannot be read",
    );
  }
}

function code(route: Route): string {
  if (route === "dropped") return "d";
  if (route === "dead-letter") return "x";
  return route === 1 ? "k" : `k${route};`;
}
