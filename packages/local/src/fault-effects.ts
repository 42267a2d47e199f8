import type { KnownNames } from "./known-options.js";

/** The effect of a fault. One shape per kind, all of plain JSON values so that rules travel over HTTP. */
export type FaultEffect =
  | ErrorEffect
  | TransportEffect
  | PartialFailureEffect
  | PageEffect
  | EventStreamEffect
  | SuccessWithErrorEffect
  | ConditionsIgnoredEffect
  | ForeignObjectEffect
  | ForeignCommitEffect
  | StatementEffect;

/** An error answer: throttling, 500, 503 `SlowDown`, access denied, expired token, clock skew, 409 conflict. */
export interface ErrorEffect {
  readonly kind: "error";
  /** HTTP status. */
  readonly status: number;
  /** Error code as the service spells it, for example `ProvisionedThroughputExceededException`. */
  readonly code: string;
  readonly message?: string;
}

/** Something that happens to the connection or to the bytes of the answer. */
export type TransportEffect =
  /** The connection dies at this point of the answer. */
  | { readonly kind: "reset"; readonly at: "before-headers" | "inside-headers" | "inside-body" }
  /** The change is applied and its answer never sent; the connection dies. Always after the change. */
  | { readonly kind: "reply-lost" }
  /** The answer (or, in phase `before`, the whole call) waits. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** The answer's body trickles. */
  | { readonly kind: "slow-body"; readonly bytesPerSecond: number }
  /** The answer's body stops after this many bytes (default half) and the connection stays open. */
  | { readonly kind: "stalled-body"; readonly afterBytes?: number }
  /** The server ends its side after this many bytes of body (default half). */
  | { readonly kind: "half-close"; readonly afterBytes?: number }
  /** Full content length declared, only half the body sent, connection ended. */
  | { readonly kind: "truncated-body" }
  /**
   * All connections that this server has at the moment of the answer stay open and carry nothing from then on, as after a NAT has forgotten them; those
   * that are opened later work. In phase `before` the call is not carried out, in `after` it is.
   */
  | { readonly kind: "half-open" }
  /**
   * The same answer again, behind the answer, `copies` times (default 1) and after `afterMs` (default 0: right behind it): bytes that nobody asked for.
   * HTTP/1.1 only.
   */
  | { readonly kind: "surplus-answer"; readonly copies?: number; readonly afterMs?: number }
  /** The answer claims another content type. */
  | { readonly kind: "content-type"; readonly value: string }
  /** The server stops reading the request's body for this long. */
  | { readonly kind: "stalled-request"; readonly forMs: number }
  /** `Expect: 100-continue` is not answered for this long. */
  | { readonly kind: "continue-withheld"; readonly forMs: number };

/** Some entries of a request fail: PutRecords, BatchWriteItem (as UnprocessedItems), `_bulk`. */
export interface PartialFailureEffect {
  readonly kind: "partial-failure";
  /** Positions in the request that fail, from 0. */
  readonly indexes?: readonly number[];
  /** Or: the chance of each entry to fail, 0 to 1, from the seed. Default 1. */
  readonly share?: number;
  /** Error code of a failed entry; the server has a default. */
  readonly code?: string;
  /** `_bulk`: the status of a failed document. Default: what goes with the code. */
  readonly status?: number;
  /** `_bulk`: the whole error of a failed document, as a node answers it. Default: the code with a reason. */
  readonly error?: Readonly<Record<string, unknown>>;
}

/** Pages of GetRecords that are legal but surprising, or illegal but seen. */
export type PageEffect =
  | { readonly kind: "empty-page" }
  | { readonly kind: "short-page"; readonly maxRecords: number }
  | { readonly kind: "iterator-expired" }
  /** At the end of a shard one of the two halves is missing: `children` or the `null-iterator`. */
  | { readonly kind: "shard-end-malformed"; readonly missing: "children" | "null-iterator" }
  /** The end of the shard shows on an empty page after the last records, not with them. */
  | { readonly kind: "shard-end-delayed" };

/** What goes wrong inside a running SubscribeToShard event stream. */
export interface EventStreamEffect {
  readonly kind: "event-stream";
  readonly what: "bad-crc" | "cut-frame" | "silence" | "early-end" | "resource-in-use";
  /** How many good events come first. Default 0. */
  readonly afterEvents?: number;
}

/** 200 with an error document inside: CompleteMultipartUpload, `_bulk`. */
export interface SuccessWithErrorEffect {
  readonly kind: "success-with-error";
  readonly code: string;
  readonly message?: string;
}

/** A store that writes whatever If-None-Match and If-Match say, as some do: PutObject, CompleteMultipartUpload. */
export interface ConditionsIgnoredEffect {
  readonly kind: "conditions-ignored";
}

/**
 * Somebody else writes an object at the key that the call is about: S3. In phase `before` just before the call is judged, so that a conditional write meets
 * it; in `after` over what the call has written.
 */
export interface ForeignObjectEffect {
  readonly kind: "foreign-object";
  /** Its content. Default a line of text. */
  readonly body?: string;
}

/**
 * Somebody else commits to the table that the call is about: the Iceberg catalog. In phase `before` just before the call is judged, so that a commit meets
 * it; in `after` upon what the call has committed. The commit is of the kind that a compaction makes: a new snapshot on `main`, of the same rows.
 */
export interface ForeignCommitEffect {
  readonly kind: "foreign-commit";
}

/**
 * What becomes of SQL after its call was accepted: Redshift's ExecuteStatement and BatchExecuteStatement. In phase
 * `after` it strikes when a statement's change is made and not yet committed.
 */
export interface StatementEffect {
  readonly kind: "statement";
  /** `lock-held`: another session has the table, until `forMs` is over; on a database of one session, everything. */
  readonly what: "slow" | "failed" | "aborted" | "lock-held";
  /** Slow and lock-held: how long. Default 1000. */
  readonly forMs?: number;
  /** Failed: the error's text. Default error 1023, a serializable isolation violation. */
  readonly message?: string;
  /** Lock-held: the table. */
  readonly table?: string;
  /** Which statement of the call, from 1. Default the first before, the last after. */
  readonly statementNumber?: number;
}

/** Kinds a rule may carry. */
export type FaultKind = FaultEffect["kind"];

/** What an effect of each kind cannot do without. */
const kinds: Readonly<Record<FaultKind, readonly string[]>> = {
  error: ["status", "code"],
  reset: ["at"],
  "reply-lost": [],
  delay: ["delayMs"],
  "slow-body": ["bytesPerSecond"],
  "stalled-body": [],
  "half-close": [],
  "truncated-body": [],
  "half-open": [],
  "surplus-answer": [],
  "content-type": ["value"],
  "stalled-request": ["forMs"],
  "continue-withheld": ["forMs"],
  "partial-failure": [],
  "empty-page": [],
  "short-page": ["maxRecords"],
  "iterator-expired": [],
  "shard-end-malformed": ["missing"],
  "shard-end-delayed": [],
  "event-stream": ["what"],
  "success-with-error": ["code"],
  "conditions-ignored": [],
  "foreign-object": [],
  "foreign-commit": [],
  statement: ["what"],
};

/** What an effect may have beside that. */
const options: Readonly<Partial<Record<FaultKind, readonly string[]>>> = {
  error: ["message"],
  "stalled-body": ["afterBytes"],
  "half-close": ["afterBytes"],
  "surplus-answer": ["copies", "afterMs"],
  "foreign-object": ["body"],
  "partial-failure": ["indexes", "share", "code", "status", "error"],
  "event-stream": ["afterEvents"],
  "success-with-error": ["message"],
  statement: ["forMs", "message", "table", "statementNumber"],
};

/** The names of all members of an effect. */
export function effectNames({ kind }: FaultEffect): KnownNames {
  return Object.fromEntries(
    ["kind", ...kinds[kind], ...(options[kind] ?? [])].map((name) => [name, true] as const),
  );
}

/** Whether a value read from JSON is an effect: a known kind with the fields it cannot do without. */
export function isFaultEffect(value: unknown): value is FaultEffect {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  const kind = value.kind;
  return isKind(kind) && kinds[kind].every((field) => field in value);
}

function isKind(kind: unknown): kind is FaultKind {
  return typeof kind === "string" && Object.hasOwn(kinds, kind);
}
