/**
 * Items of all arrays of a record that take no bytes (`null`, records without fields): what names more of them than that is a bomb. Items of other types take a byte each at least, so the record's length bounds them.
 */
export const MAX_EMPTY_ITEMS = 10_000;

/** Bytes of a long at most: 64 bits in groups of seven (Avro specification 1.12, "Binary encoding"). */
export const MAX_LONG_BYTES = 10;

/** What avsc shows of a schema in its messages is cut there. */
export const MAX_MESSAGE_CHARACTERS = 300;
