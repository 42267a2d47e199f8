import { comparePositions, type Position } from "@kinesis-connectors/core";
import type { DaemonPage } from "./daemon-source.js";
import type { ChildSettings } from "./options.js";

/**
 * Records that the daemon hands over again. It drops them itself, up to its own checkpoint only (`ProcessTask.filterAndGetMaxExtendedSequenceNumber`), which
 * trails: the stretch behind it has been taken in here, and would land twice.
 */
export class Repeats {
  readonly #settings: Pick<ChildSettings, "logger">;
  /** The last record that was handed over. */
  #given: Position | undefined;

  constructor(settings: Pick<ChildSettings, "logger">) {
    this.#settings = settings;
  }

  /** What of a page has not been handed over before. */
  without<Page extends Pick<DaemonPage, "records" | "bytes">>(shardId: string, page: Page): Page {
    const { records } = page;
    const given = this.#given;
    const last = records.at(-1);
    if (last !== undefined && (given === undefined || comparePositions(last, given) > 0)) {
      const { sequenceNumber, subSequenceNumber } = last;
      this.#given = { sequenceNumber, subSequenceNumber };
    }
    if (given === undefined || records[0] === undefined || comparePositions(records[0], given) > 0)
      return page;
    const from = records.findIndex((record) => comparePositions(record, given) > 0);
    const left = from === -1 ? [] : records.slice(from);
    this.#settings.logger.warn(
      { shardId, records: records.length - left.length, through: given.sequenceNumber },
      "the daemon has handed records over again, which are passed over",
    );
    return { ...page, records: left, bytes: left.reduce((sum, { data }) => sum + data.length, 0) };
  }
}
