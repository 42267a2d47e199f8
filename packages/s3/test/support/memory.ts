import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

/** Bytes of buffers that are still held by something. Some are swept away a little later than they are collected. */
export async function arrayBuffersAfterCollection(): Promise<number> {
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    runInNewContext("gc()");
    await pause(20);
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers >= before) return arrayBuffers;
    before = arrayBuffers;
  }
}
