/**
 * Upper bounds of durations, in seconds: those of the semantic conventions for HTTP (semconv 1.45, `http.server.request.duration`), and three more, because a
 * batch may wait for minutes.
 */
export const DURATIONS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300,
];

/** Upper bounds of sizes, in bytes: powers of 4 from 1 KiB to 1 GiB. */
export const SIZES: readonly number[] = Array.from({ length: 11 }, (_, power) => 1024 * 4 ** power);

/** Upper bounds of counts: powers of 10 up to a million. */
export const COUNTS: readonly number[] = Array.from({ length: 7 }, (_, power) => 10 ** power);
