/** Input of PutRecords: the members that this package writes by itself. */
export interface PutRecordsRequest {
  readonly Records: readonly PutRecordsEntry[];
}

/** One record of it. */
export interface PutRecordsEntry {
  readonly Data: Uint8Array;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string | undefined;
}

/** Whether an input has the shape that is written here; anything else is left to the SDK. */
export function isPutRecordsRequest(input: object): input is PutRecordsRequest {
  if (!("Records" in input) || !Array.isArray(input.Records)) return false;
  for (const entry of input.Records as readonly unknown[])
    if (
      typeof entry !== "object" ||
      entry === null ||
      !("Data" in entry) ||
      !(entry.Data instanceof Uint8Array)
    )
      return false;
  return true;
}

/** Writes PutRecords as JSON 1.1: the base64 goes into the text as it is, for it has nothing to escape. */
export function writePutRecordsJson(request: PutRecordsRequest): string {
  const { Records: entries, ...others } = request;
  let json = '{"Records":[';
  let isFirst = true;
  for (const { Data: data, ...entry } of entries) {
    const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
    json += `${isFirst ? "" : ","}{"Data":"${base64}"`;
    isFirst = false;
    const members = JSON.stringify(entry);
    json += members === "{}" ? "}" : `,${members.slice(1)}`;
  }
  const members = JSON.stringify(others);
  return members === "{}" ? `${json}]}` : `${json}],${members.slice(1)}`;
}
