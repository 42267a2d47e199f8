import type { KinesisApi } from "@kinesis-connectors/consumer/kinesis";
import type { StreamRecord } from "@kinesis-connectors/consumer/reading";
import { PageRecord } from "@kinesis-connectors/wire";

/** Records of the first answer, whose size nobody knows yet. */
const FIRST_RECORDS = 100;
/** GetRecords takes from 1 to 10,000 (API reference, Limit). */
const MAX_RECORDS = 10_000;

/**
 * A way to one shard whose answers stay near `answerBytes`: GetRecords limits the records of an answer only, and one of 10 MiB would leave other readers of the
 * shard without any for five seconds (API reference, GetRecords: 2 MiB per second and shard).
 */
export function smallAnswers(
  api: KinesisApi,
  answerBytes: number,
  firstRecords: number = FIRST_RECORDS,
): KinesisApi {
  let bytesPerRecord = answerBytes / firstRecords;
  return {
    ...api,
    describeStream: (signal) => api.describeStream(signal),
    listShards: (request, signal) => api.listShards(request, signal),
    getShardIterator: (shardId, position, signal) => api.getShardIterator(shardId, position, signal),
    getRecords: async (iterator, limit, signal) => {
      const wanted = Math.max(1, Math.min(MAX_RECORDS, limit, Math.floor(answerBytes / bytesPerRecord)));
      const answer = await api.getRecords(iterator, wanted, signal);
      if (answer.records.length > 0) {
        const seen = Math.max(1, bytesIn(answer.records) / answer.records.length);
        // Larger ones count at once, smaller ones by and by: what comes next may be large again.
        bytesPerRecord = seen > bytesPerRecord ? seen : (bytesPerRecord + seen) / 2;
      }
      return answer;
    },
    close: () => api.close(),
  };
}

function bytesIn(records: readonly StreamRecord[]): number {
  const [first] = records;
  // The page knows.
  if (first instanceof PageRecord) return first.pageDataBytes;
  return records.reduce((sum, { data }) => sum + data.length, 0);
}
