import { type IcebergOptions, type LocalAws, type LocalAwsOptions, startLocalAws } from "../../src/index.js";

/** Only what the catalog needs. */
export function startIceberg(iceberg: IcebergOptions = {}, more: LocalAwsOptions = {}): Promise<LocalAws> {
  return startLocalAws({ kinesis: false, dynamodb: false, opensearch: false, iceberg, ...more });
}

/** An answer of the catalog: its status and its JSON. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, never> & {
    readonly metadata: Record<string, never>;
    readonly error?: { readonly type: string; readonly message: string; readonly code: number };
  };
  readonly text: string;
  readonly headers: Headers;
}

/** Asks as the REST specification says, without a client. */
export function callerOf(
  local: LocalAws,
): (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer> {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${local.endpoints.iceberg}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text === "" ? {} : JSON.parse(text);
    return { status: response.status, body: parsed as Answer["body"], text, headers: response.headers };
  };
}

/** Two columns, sent with other ids than they will get. */
export const ORDERS = {
  name: "orders",
  schema: {
    type: "struct",
    fields: [
      { id: 7, name: "id", required: true, type: "long" },
      {
        id: 8,
        name: "lines",
        required: false,
        type: {
          type: "list",
          "element-id": 9,
          "element-required": true,
          element: { type: "struct", fields: [{ id: 10, name: "sku", required: true, type: "string" }] },
        },
      },
      { id: 11, name: "at", required: false, type: "timestamptz" },
    ],
  },
  "partition-spec": { fields: [{ "source-id": 11, transform: "day", name: "at_day" }] },
} as const;

/** The updates of an append. */
export function appendOf(
  snapshotId: number | string,
  sequenceNumber: number,
  parent?: number | string,
): unknown[] {
  return [
    {
      action: "add-snapshot",
      snapshot: {
        "snapshot-id": snapshotId,
        ...(parent === undefined ? {} : { "parent-snapshot-id": parent }),
        "sequence-number": sequenceNumber,
        "timestamp-ms": 1_767_225_600_000 + sequenceNumber,
        "manifest-list": `s3://warehouse/sales/orders/metadata/snap-${sequenceNumber}.avro`,
        summary: { operation: "append" },
        "schema-id": 0,
      },
    },
    { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": snapshotId },
  ];
}
