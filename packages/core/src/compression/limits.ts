/** Up to so many bytes come out on the event loop, where a small document costs a fifth of a trip to the thread pool; more go to the pool. */
export const MAX_HERE_BYTES: number = 256 * 1024;
