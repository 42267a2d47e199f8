import { KinesisConnectorError } from "@kinesis-connectors/core";

const BYTES_PER_NUMBER = 8;

/** The place of each entry of a batch, run-length coded in base 36: `0*1o,1,0` is sixty entries in the first place, one in the second, one in the first. */
export class PlaceRoutes {
  /** Places and lengths of the runs that have ended, as numbers: a text that grows with each record would cost as much as the record. */
  readonly #runs: number[] = [];
  #current = -1;
  #length = 0;

  add(place: number): void {
    if (place === this.#current) {
      this.#length += 1;
      return;
    }
    this.#close();
    this.#current = place;
    this.#length = 1;
  }

  /** Bytes of memory that it holds. */
  get heldBytes(): number {
    return this.#runs.length * BYTES_PER_NUMBER;
  }

  /** Nothing can be added any more. */
  end(): string {
    this.#close();
    const runs: string[] = [];
    for (let at = 0; at < this.#runs.length; at += 2) {
      const [place = 0, length = 0] = [this.#runs[at], this.#runs[at + 1]];
      runs.push(`${place.toString(36)}${length === 1 ? "" : `*${length.toString(36)}`}`);
    }
    return runs.join(",");
  }

  #close(): void {
    if (this.#length > 0) this.#runs.push(this.#current, this.#length);
    this.#length = 0;
  }
}

/** The places of all entries, coded. */
export function codeRoutes(places: Iterable<number>): string {
  const routes = new PlaceRoutes();
  for (const place of places) routes.add(place);
  return routes.end();
}

const RUN = /^([0-9a-z]+)(?:\*([0-9a-z]+))?$/;

/**
 * The place of each entry, in order.
 * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when the text was not written by `codeRoutes`, or names more than `placeCount` places
 */
export function readRoutes(coded: string, placeCount: number): readonly number[] {
  const places: number[] = [];
  for (const text of coded === "" ? [] : coded.split(",")) {
    const [, place, length = "1"] = RUN.exec(text) ?? [];
    const index = place === undefined ? Number.NaN : Number.parseInt(place, 36);
    if (!(index < placeCount))
      throw new KinesisConnectorError(
        "KC_REPLAY_DIFFERS",
        "the stored places of the prepared batch cannot be read",
      );
    for (let left = Number.parseInt(length, 36); left > 0; left -= 1) places.push(index);
  }
  return places;
}
