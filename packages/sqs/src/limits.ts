/** Messages in one request (API reference of Amazon SQS, SendMessageBatch: "up to 10 messages"). */
export const MAX_REQUEST_MESSAGES = 10;

/**
 * Of one message, and of all messages of a request together, in bytes: bodies, and names, types and values of attributes (same page: "1 MiB or
 * 1,048,576 bytes"). Fewer where the queue was set to (its MaximumMessageSize).
 */
export const MAX_BYTES: number = 1024 * 1024;

/** The least that MaximumMessageSize of a queue can be set to, in bytes (API reference, SetQueueAttributes). */
export const LEAST_MESSAGE_BYTES = 1024;

/** Attributes of one message (developer guide, "Amazon SQS message metadata"). */
export const MAX_ATTRIBUTES = 10;

/** Ids of groups: up to 128 letters, digits and punctuation (API reference, SendMessageBatchRequestEntry). */
export const IDENTIFIER: RegExp = /^[\u0021-\u007e]{1,128}$/;

/**
 * A character that a body must not have (API reference, SendMessage: #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF): those
 * that XML 1.0 has no form for. Half a surrogate pair is one of them.
 */
export const FORBIDDEN: RegExp =
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Name of an attribute (developer guide, "Message attribute components"). */
export const ATTRIBUTE_NAME: RegExp =
  /^(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{0,255}[A-Za-z0-9_-]$/i;
