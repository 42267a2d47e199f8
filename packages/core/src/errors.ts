import { keptCause } from "./logging/foreign-cause.js";

// By the global symbol registry, so that errors of two installed versions still recognise each other.
const BRAND: symbol = Symbol.for("@kinesis-connectors/error");

/**
 * Names of errors, for code and alarms to test. What each is, and what to do then, stands behind it; the list of all packages is docs/errors.md.
 */
export type ErrorCode =
  /**
   * An option has a value that cannot work, or there is none of its name. Nothing was started.
   * Cure: give what the message says: it names the option, and what that takes.
   */
  | "KC_OPTION_INVALID"
  /**
   * Another worker owns the shard now. The shard is dropped here without a write; nothing is lost.
   * Cure: none for once in a while. Where shards wander, look for workers that restart or stall, and for a `failoverTimeMs` that is not the same everywhere.
   */
  | "KC_LEASE_LOST"
  /**
   * A record could not be decoded, transformed or written, and the pipeline has no dead letters. The shard stops before it.
   * Cure: give the pipeline `deadLetters`, mend the transformer or the producer, or filter such records out.
   */
  | "KC_RECORD_POISON"
  /**
   * A transformer or filter did not settle in time.
   * Cure: let it settle, or raise `transformTimeoutMs`; what it waits for needs a time limit of its own below that.
   */
  | "KC_TRANSFORM_TIMEOUT"
  /**
   * What a transformer asks or stores into (a registry, a table, a bucket) does not answer for the moment. The record is tried again; it is not poison.
   * Cure: none while it passes; else mend what is asked, or the way to it.
   */
  | "KC_LOOKUP_FAILED"
  /**
   * What a transformer asks or stores into refuses in a way that no waiting mends (no rights, wrong address). The shard stops before the record.
   * Cure: give the right, or the right address, that the message names.
   */
  | "KC_LOOKUP_REFUSED"
  /**
   * The destination kept refusing and the retries were used up; the checkpoint has not moved.
   * Cure: mend the destination and start again; without `retry.maxRequestAttempts` it is tried on and on.
   */
  | "KC_EMIT_FAILED"
  /**
   * The destination refused in a way that no retry mends (missing bucket, no rights, wrong credentials).
   * Cure: make what is missing, or give the right: the message names it. Then start again.
   */
  | "KC_EMIT_REFUSED"
  /**
   * The object that a batch goes to holds something that this batch did not write.
   * Cure: let nothing else write below the prefix, or give this application one of its own; compare the object with the batch that the message names before you remove it.
   */
  | "KC_PLACE_TAKEN"
  /**
   * An emitter broke a promise of its interface, or has a mistake in its code; the message names which. The checkpoint has not moved.
   * Cure: mend the emitter; `describeEmitterContract` of the testkit finds such mistakes before they are deployed.
   */
  | "KC_EMITTER_BROKEN"
  /**
   * A buffer of one's own broke a promise of its interface, or has a mistake in its code. The checkpoint has not moved.
   * Cure: mend the buffer and start again.
   */
  | "KC_BUFFER_BROKEN"
  /**
   * Records between the checkpoint and the oldest record kept by the stream are gone.
   * Cure: set `onRetentionGap` to `continue` to go on with what is left, and raise the retention of the stream.
   */
  | "KC_RETENTION_GAP"
  /**
   * An inherited batch cannot be made again as it was recorded.
   * Cure: deploy the transformer, filter and format again that the batch was made with, until it is finished; change them after a graceful stop of all workers.
   */
  | "KC_REPLAY_DIFFERS"
  /**
   * The stream does not exist, was deleted, or is another one of the same name.
   * Cure: check its name, region and account. For a stream made anew give the application another name, or delete the lease table to read it from its start.
   */
  | "KC_STREAM_MISSING"
  /**
   * A read or a control call was refused for good.
   * Cure: give the right that the message names, or correct what it says is wrong with the stream, the consumer or the object.
   */
  | "KC_READ_REFUSED"
  /**
   * The lease table cannot be used: missing rights, wrong key schema, a row that cannot be understood.
   * Cure: give the right, or name another table: the message says which. A row that cannot be understood is named with its key.
   */
  | "KC_LEASE_TABLE"
  /**
   * The deadline of a graceful stop passed; what was in flight is left for the next owner to finish.
   * Cure: none, nothing is lost. Where it happens at every stop, raise `stopDeadlineMs`, or look at what the destination waits for.
   */
  | "KC_STOP_DEADLINE"
  /**
   * Shards were not paused or not reset, or a replay was not started, because that would not be safe now. Nothing was changed.
   * Cure: do first what the message says, such as a pause of the shards.
   */
  | "KC_STEERING_REFUSED"
  /**
   * A worker thread ended before it was told to. What was in flight in it is left for the next owner to finish.
   * Cure: start the process again; out of memory, give the thread's heap more (`--max-old-space-size`), or lower `maxReadAheadBytes`.
   */
  | "KC_THREAD_LOST"
  /**
   * What the daemon says that started this process (KCL MultiLangDaemon) is none of its protocol. Nothing of it is taken in.
   * Cure: let the daemon of KCL 2.x or 3.x start the process, and let nothing else write to its standard input.
   */
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

/**
 * Any thrown value as an Error, for code that must report it. Where none of a host's several addresses could be connected to, Node throws an error
 * without words (net.createConnection, `autoSelectFamily`): it is given those of its parts, with its code and the first one's system call.
 */
export function asError(thrown: unknown): Error {
  if (!(thrown instanceof Error))
    return new Error(`a value that is not an Error was thrown (${typeof thrown})`);
  if (!(thrown instanceof AggregateError) || thrown.message !== "") return thrown;
  const parts: readonly unknown[] = thrown.errors;
  const [first] = parts;
  if (first === undefined || !parts.every(isOfSystem)) return thrown;
  const words = parts.map(({ message }) => message).join("; ");
  const { code, syscall } = first as NodeJS.ErrnoException;
  return Object.assign(new Error(words, { cause: thrown }), { code, syscall });
}

function isOfSystem(part: unknown): part is Error {
  return part instanceof Error && "syscall" in part && "code" in part;
}
