/**
 * What a reader answers otherwise than is written by a fault of its own: tables that pyiceberg writes fare alike, but for partitions by UUIDs themselves, which it cannot write; an order
 * of theirs ends in its TypeError.
 */
interface OwnFault {
  readonly oracle: RegExp;
  /** Which table it is. */
  readonly where: RegExp;
  readonly answer: RegExp;
  readonly why: string;
}

const OWN_FAULTS: readonly OwnFault[] = [
  {
    oracle: /^DuckDB 1\.5/,
    where: /^(?:day|month) of (?:moment|wall)$/,
    answer: /"19[0-6]\d-/,
    why: "it rounds days and months before 1970 towards 1970, and skips the files of the day before",
  },
  {
    oracle: /^DuckDB 1\.5/,
    where: /^bucket\[\d+\] of key$/,
    answer: /"term":"key"/,
    why: "it finds UUIDs in other buckets than the format's",
  },
  {
    oracle: /^pyiceberg 0\.12/,
    where: /^every type$/,
    answer: /differs in lines: \[\] instead of null$/,
    why: "it reads lists of structs that are null as empty",
  },
  {
    oracle: /^pyiceberg 0\.12/,
    where: /^identity of key$/,
    answer: /"type":"eq","term":"key"/,
    why: "it compares UUIDs of partitions with bytes",
  },
];

/** Why an answer that is wrong is the reader's own fault; undefined where it is ours, or nobody knows. */
export function ownFaultOf(oracle: string, where: string, answer: string): string | undefined {
  return OWN_FAULTS.find(
    (fault) => fault.oracle.test(oracle) && fault.where.test(where) && fault.answer.test(answer),
  )?.why;
}
