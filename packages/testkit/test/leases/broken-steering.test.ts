import { changed, type WriteOutcome } from "@kinesis-connectors/leases";
import { areFound, spoiling, withFunctions } from "./broken-table.js";

const PAUSED = "a pause is a fact";
const DONE = "an owner says with a renewal that a pause is done";
const RESET = "reset moves the checkpoint anywhere";
const FENCED = "whoever owned the row before a reset";
const HANDED = "hand-off names the next owner";
const TOLD = "hand-off does not look at the counter";
const ASSIGNED = "assign gives a row";

areFound([
  {
    what: "looks at the counter for a handoff",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change) =>
        change.type === "hand-off" && rows.get(seen.leaseKey)?.counter !== seen.counter
          ? { type: "refused" }
          : await sound.update(seen, change),
    })),
    fails: [TOLD],
  },
  {
    what: "hands off what is on its way already",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change): Promise<WriteOutcome> => {
        const row = rows.get(seen.leaseKey);
        if (change.type !== "hand-off" || row === undefined) return await sound.update(seen, change);
        rows.set(seen.leaseKey, changed(row, change));
        return { type: "applied" };
      },
    })),
    fails: [TOLD],
  },
  {
    what: "assigns whatever handoff is under way",
    make: withFunctions((sound, { rows }) => ({
      update: async (seen, change) =>
        await sound.update(
          change.type === "assign"
            ? { ...seen, checkpointOwner: rows.get(seen.leaseKey)?.checkpointOwner }
            : seen,
          change,
        ),
    })),
    fails: [ASSIGNED],
  },
  {
    what: "keeps the mark of a handoff that has ended",
    make: spoiling((row, before) =>
      before?.checkpointOwner === undefined ? row : { ...row, checkpointOwner: before.checkpointOwner },
    ),
    fails: [HANDED, ASSIGNED],
  },
  {
    what: "loses a pause at the next change",
    make: spoiling(({ pausedMs: _since, pausedBy: _by, ...row }) => row),
    fails: [PAUSED],
  },
  {
    what: "keeps a pause that was taken away",
    make: withFunctions((sound, { rows }) => ({
      describe: async (leaseKey, facts) => {
        const before = rows.get(leaseKey);
        const found = await sound.describe(leaseKey, facts);
        const row = rows.get(leaseKey);
        if (row !== undefined && before?.pausedMs !== undefined && row.pausedMs === undefined)
          rows.set(leaseKey, { ...row, pausedMs: before.pausedMs });
        return found;
      },
    })),
    fails: [PAUSED],
  },
  {
    what: "lets a pause of the owner before count as done",
    make: spoiling((row, before) =>
      before?.pauseDoneMs === undefined
        ? row
        : { ...row, pauseDoneMs: row.pauseDoneMs ?? before.pauseDoneMs },
    ),
    fails: [DONE],
  },
  {
    what: "leaves the owner, or what was prepared, behind a reset",
    make: spoiling((row, before) =>
      row.owner === undefined && row.pending === undefined && before?.pending !== undefined
        ? { ...row, pending: before.pending }
        : row,
    ),
    fails: [RESET],
  },
  {
    what: "does not raise the counter by a reset",
    make: spoiling((row, before) =>
      row.owner === undefined && before?.owner !== undefined && row.checkpoint === "TRIM_HORIZON"
        ? { ...row, counter: before.counter, owner: before.owner }
        : row,
    ),
    fails: [FENCED],
  },
]);
