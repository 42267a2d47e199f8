/**
 * Items of an array that take no bytes (`null`, records without fields), in one record beyond its length in bytes: what names more of them than that is no
 * array but a bomb. Items of other types take a byte each at least, so the record's length bounds them.
 */
export const MAX_EMPTY_ITEMS = 10_000;

/** Bytes of a long at most: 64 bits in groups of seven (Avro specification 1.12, "Binary encoding"). */
export const MAX_LONG_BYTES = 10;

/** What avsc shows of a schema in its messages is cut there. */
export const MAX_MESSAGE_CHARACTERS = 300;
