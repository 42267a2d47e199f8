import { keptCause } from "./logging/foreign-cause.js";

// By the global symbol registry, so that errors of two installed versions still recognise each other.
const BRAND: symbol = Symbol.for("@kinesis-connectors/error");

/** Names of errors, for code and alarms to test. */
export type ErrorCode =
  /** An option has a value that cannot work; the message names the option and what it takes. */
  | "KC_OPTION_INVALID"
  /** Another worker owns the shard now. The shard is dropped here without a write; nothing is lost. */
  | "KC_LEASE_LOST"
  /** A record could not be decoded, transformed or written, and the pipeline has no dead letters. The shard stops before it. */
  | "KC_RECORD_POISON"
  /** A transformer or filter did not settle in time. */
  | "KC_TRANSFORM_TIMEOUT"
  /** What a transformer asks or stores into (a registry, a table, a bucket) does not answer for the moment. The record is tried again; it is not poison. */
  | "KC_LOOKUP_FAILED"
  /** What a transformer asks or stores into refuses in a way that no waiting mends (no rights, wrong address). The shard stops before the record. */
  | "KC_LOOKUP_REFUSED"
  /** The destination kept refusing and the retries were used up; the checkpoint has not moved. */
  | "KC_EMIT_FAILED"
  /** The destination refused in a way that no retry mends (missing bucket, no rights, wrong credentials). */
  | "KC_EMIT_REFUSED"
  /** The object that a batch goes to holds something that this batch did not write. */
  | "KC_PLACE_TAKEN"
  /** An emitter broke a promise of its interface, or has a mistake in its code; the message names which. The checkpoint has not moved. */
  | "KC_EMITTER_BROKEN"
  /** A buffer of one's own broke a promise of its interface, or has a mistake in its code. The checkpoint has not moved. */
  | "KC_BUFFER_BROKEN"
  /** Records between the checkpoint and the oldest record kept by the stream are gone. */
  | "KC_RETENTION_GAP"
  /** An inherited batch cannot be made again as it was recorded. */
  | "KC_REPLAY_DIFFERS"
  /** The stream does not exist, was deleted, or is another one of the same name. */
  | "KC_STREAM_MISSING"
  /** A read or a control call was refused for good. */
  | "KC_READ_REFUSED"
  /** The lease table cannot be used: missing rights, wrong key schema, a row that cannot be understood. */
  | "KC_LEASE_TABLE"
  /** The deadline of a graceful stop passed: what was in flight is left for the next owner to finish, or an emitter hangs in its close, which the message names. */
  | "KC_STOP_DEADLINE"
  /** Shards were not paused or not reset, or a replay was not started, because that would not be safe now; the message says why and what to do first. Nothing was changed. */
  | "KC_STEERING_REFUSED"
  /** A worker thread ended before it was told to. What was in flight in it is left for the next owner to finish. */
  | "KC_THREAD_LOST"
  /** What the daemon says that started this process (KCL MultiLangDaemon) is none of its protocol. Nothing of it is taken in. */
  | "KC_DAEMON_BROKEN";

/**
 * The one error class of this project. `code` says what happened, `message` also says what to do about it, `cause` keeps the
 * original, but of an AWS SDK's error only what holds neither request nor answer. Messages hold positions and sizes, never a record's data and never a credential.
 */
export class KinesisConnectorError extends Error {
  override readonly name = "KinesisConnectorError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options === undefined ? undefined : { cause: keptCause(options.cause) });
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** True for errors of this class, also when they come from another copy or version of the package. */
  static isInstance(value: unknown): value is KinesisConnectorError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** Whether `error` is ours and has that code. */
export function hasCode(error: unknown, code: ErrorCode): error is KinesisConnectorError {
  return KinesisConnectorError.isInstance(error) && error.code === code;
}

/** The error of an option: the message names it, and what it takes. */
export function invalidOption(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", message);
}

/** The error that makes a record a dead letter: the message says what is wrong with it, and nothing of its data. */
export function poisonRecord(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_RECORD_POISON", message);
}

/** Any thrown value as an Error, for code that must report it. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(`a value that is not an Error was thrown (${typeof thrown})`);
}
