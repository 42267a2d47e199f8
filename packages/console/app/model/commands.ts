/** Where a reset leads, as a person chose it. */
export type ResetChoice =
  | { readonly type: "horizon" | "latest" }
  | { readonly type: "time"; readonly at: string }
  | { readonly type: "position"; readonly sequenceNumber: string; readonly subSequenceNumber: number };

/** A change that somebody is about to make. `shardIds` undefined: all of the application. */
export type Change =
  | { readonly verb: "pause" | "resume"; readonly shardIds: readonly string[] | undefined }
  | {
      readonly verb: "reset";
      readonly shardIds: readonly string[] | undefined;
      readonly to: ResetChoice;
      readonly discardPending: boolean;
    };

/** The command line that does the same, to be copied into a runbook. */
export function commandOf(
  change: Change,
  { application, leaseTable }: { readonly application: string; readonly leaseTable: string | undefined },
): string {
  const words = [
    "kinesis-connectors",
    ...(change.verb === "reset" ? ["checkpoint", "reset"] : [change.verb]),
    quoted(application),
    ...(change.verb === "reset" ? ["--to", toText(change.to)] : []),
    ...(change.shardIds ?? []).flatMap((shardId) => ["--shard", quoted(numberOf(shardId))]),
    ...(leaseTable === undefined || leaseTable === application ? [] : ["--lease-table", quoted(leaseTable)]),
    ...(change.verb === "reset" && change.discardPending ? ["--discard-pending"] : []),
    ...(change.verb === "reset" ? ["--execute"] : []),
  ];
  return words.join(" ");
}

/** The target of a reset as the API takes it. */
export function targetOf(choice: ResetChoice): unknown {
  switch (choice.type) {
    case "time":
      return choice.at;
    case "position":
      return { sequenceNumber: choice.sequenceNumber, subSequenceNumber: choice.subSequenceNumber };
    default:
      return choice.type;
  }
}

/** A time with its zone, or a sequence number, as somebody typed it; undefined where it is neither. */
export function choiceFrom(kind: ResetChoice["type"], text: string): ResetChoice | undefined {
  const given = text.trim();
  switch (kind) {
    case "time":
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(given) &&
        !Number.isNaN(Date.parse(given))
        ? { type: "time", at: given }
        : undefined;
    case "position": {
      const [, sequenceNumber, sub] = /^(\d{20,128})(?:\.(\d{1,6}))?$/.exec(given) ?? [];
      return sequenceNumber === undefined
        ? undefined
        : { type: "position", sequenceNumber, subSequenceNumber: Number(sub ?? 0) };
    }
    default:
      return { type: kind };
  }
}

function toText(choice: ResetChoice): string {
  switch (choice.type) {
    case "time":
      return choice.at;
    case "position":
      return choice.subSequenceNumber === 0
        ? choice.sequenceNumber
        : `${choice.sequenceNumber}.${choice.subSequenceNumber}`;
    default:
      return choice.type;
  }
}

/** The number of a shard, which the command line takes for its id. */
function numberOf(shardId: string): string {
  return /^shardId-(\d{12})$/.exec(shardId)?.[1]?.replace(/^0+(?=\d)/, "") ?? shardId;
}

/** A word of a shell. */
function quoted(word: string): string {
  return /^[\w.:/@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
