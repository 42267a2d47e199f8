import { MiB } from "@kinesis-connectors/core";

/** Bytes of one `_bulk` request unless said otherwise: small enough for every instance (OpenSearch "Bulk API", AWS "Network quotas"). */
export const DEFAULT_MAX_REQUEST_BYTES: number = 5 * MiB;

/** Documents of one `_bulk` request unless said otherwise. The service has no such limit; each item of the answer costs memory there. */
export const DEFAULT_MAX_REQUEST_DOCUMENTS = 5_000;

/** `http.max_content_length`: more bytes than these no node reads unless it was told to (OpenSearch "Network settings"). */
export const MAX_CONTENT_BYTES: number = 100 * MiB;

/** Bytes of an `_id` in UTF-8 (OpenSearch "Bulk API": ids are limited to 512 bytes). */
export const MAX_ID_BYTES = 512;

/** Bytes of an index name in UTF-8 (OpenSearch "Create index", naming restrictions). */
export const MAX_INDEX_NAME_BYTES = 255;

/** Digits of the longest sequence number: 186 bits. Positions are padded to it so that they compare as text. */
export const SEQUENCE_NUMBER_DIGITS = 56;
