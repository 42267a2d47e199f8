/** How records lie in a file. */
export const INPUT_FORMATS = ["lines", "json-records", "records"] as const;

/** One of them. */
export type InputFormat = (typeof INPUT_FORMATS)[number];
