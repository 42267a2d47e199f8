import { KinesisConnectorError } from "@kinesis-connectors/core";

/** The place of each entry of a batch, run-length coded in base 36: `0*1o,1,0` is sixty entries in the first place, one in the second, one in the first. */
export function codeRoutes(places: Iterable<number>): string {
  const runs: string[] = [];
  let current = -1;
  let length = 0;
  const close = (): void => {
    if (length > 0) runs.push(`${current.toString(36)}${length === 1 ? "" : `*${length.toString(36)}`}`);
  };
  for (const place of places) {
    if (place === current) length += 1;
    else {
      close();
      current = place;
      length = 1;
    }
  }
  close();
  return runs.join(",");
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
