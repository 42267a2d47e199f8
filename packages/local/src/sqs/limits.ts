/** Messages in one request (API reference, SendMessageBatch). */
export const MAX_ENTRIES = 10;

/** Of one message, and of all messages of a request together: body, and names, types and values of attributes (API reference, SendMessageBatch: 1 MiB). */
export const MAX_BYTES: number = 1024 * 1024;

/** The name of a queue (API reference, CreateQueue). */
export const QUEUE_NAME: RegExp = /^(?:[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/;

/** How long a deduplication id is known (developer guide, "Using the message deduplication ID"). */
export const DEDUPLICATION_MS: number = 5 * 60_000;

/** Attributes of one message (developer guide, "Message metadata"). */
export const MAX_ATTRIBUTES = 10;

/** Ids of groups and of deduplication (API reference, SendMessage): up to 128 letters, digits and punctuation. */
export const IDENTIFIER: RegExp = /^[\u0021-\u007e]{1,128}$/;

/** Characters that a body may have (API reference, SendMessage): those of XML 1.0. */
export const FORBIDDEN: RegExp =
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
