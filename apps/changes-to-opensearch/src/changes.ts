import { type RecordOfStream, seededNumbers } from "@kinesis-connectors/app-sample";

/** An order, as it stands in the table. */
export interface Order {
  readonly id: string;
  readonly revision: number;
  readonly total: number;
}

/** Changes that are on their way at once, and come in any order. */
const SHUFFLED = 200;

/**
 * Changes of a table as DynamoDB writes them into a stream: orders inserted, modified and removed, `changes` of them; one in ten comes twice, and those near one another in any
 * order. What the table holds in the end is put into `table`; the same seed gives the same.
 */
export function* tableChanges(
  changes: number,
  seed: number,
  table: Map<string, Order>,
): Generator<RecordOfStream, void> {
  const next = seededNumbers(seed);
  const revisions = new Map<string, number>();
  let underWay: RecordOfStream[] = [];
  for (let number = 0; number < changes; number += 1) {
    const id = `order-${Math.floor(next() * Math.max(1, changes / 5))}`;
    const before = table.get(id);
    const revision = (revisions.get(id) ?? 0) + 1;
    revisions.set(id, revision);
    const isRemoval = before !== undefined && next() < 0.2;
    const after = isRemoval ? undefined : { id, revision, total: Math.round(next() * 10_000) / 100 };
    if (after === undefined) table.delete(id);
    else table.set(id, after);
    const record = { partitionKey: id, data: documentOf(id, before, after, number) };
    underWay.push(record);
    if (next() < 0.1) underWay.push(record);
    if (underWay.length >= SHUFFLED) {
      yield* shuffled(underWay, next);
      underWay = [];
    }
  }
  yield* shuffled(underWay, next);
}

function shuffled(records: RecordOfStream[], next: () => number): RecordOfStream[] {
  for (let left = records.length - 1; left > 0; left -= 1) {
    const other = Math.floor(next() * (left + 1));
    [records[left], records[other]] = [records[other]!, records[left]!];
  }
  return records;
}

/** As Kinesis Data Streams for DynamoDB writes it. */
function documentOf(id: string, before: Order | undefined, after: Order | undefined, number: number): string {
  return JSON.stringify({
    awsRegion: "eu-central-1",
    eventID: `event-${number}`,
    eventName: after === undefined ? "REMOVE" : before === undefined ? "INSERT" : "MODIFY",
    userIdentity: null,
    recordFormat: "application/json",
    tableName: "orders",
    dynamodb: {
      ApproximateCreationDateTime: Date.UTC(2026, 1, 3) * 1000 + number,
      ApproximateCreationDateTimePrecision: "MICROSECOND",
      Keys: { id: { S: id } },
      ...(after === undefined ? {} : { NewImage: itemOf(after) }),
      ...(before === undefined ? {} : { OldImage: itemOf(before) }),
      SizeBytes: 60,
    },
    eventSource: "aws:dynamodb",
  });
}

function itemOf({ id, revision, total }: Order): object {
  return { id: { S: id }, revision: { N: String(revision) }, total: { N: String(total) } };
}
