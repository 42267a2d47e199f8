import { gunzipSync } from "node:zlib";

/** An object of the bucket. */
export interface StoredObject {
  readonly key: string;
  readonly body: Uint8Array;
}

/** How the bucket compares with what was put. */
export interface Check {
  readonly put: number;
  readonly landed: number;
  readonly deadLetters: number;
  readonly filtered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Lines that nobody put, or that had to be left out. */
  readonly phantom: number;
}

/** Compares each line that was put with the lines of the archive and the data of the dead letters. Every line put must differ. */
export function checkArchive(
  put: readonly string[],
  objects: Iterable<StoredObject>,
  placeOf: (line: string) => "archive" | "dead-letter" | "nowhere",
): Check {
  const archived = new Map<string, number>();
  const dead = new Map<string, number>();
  const note = (into: Map<string, number>, line: string): void =>
    void into.set(line, (into.get(line) ?? 0) + 1);
  for (const { key, body } of objects) {
    // What the emitter tries the store with begins with an underscore.
    if (/(?:^|\/)_[^/]*$/.test(key)) continue;
    for (const line of linesOf(body)) {
      if (key.startsWith("dead-letters/"))
        note(dead, Buffer.from((JSON.parse(line) as { data: string }).data, "base64").toString());
      else if (key.startsWith("clicks/")) note(archived, line);
    }
  }
  let landed = 0;
  let deadLetters = 0;
  let filtered = 0;
  let lost = 0;
  let duplicated = 0;
  for (const line of put) {
    const place = placeOf(line);
    if (place === "nowhere") {
      filtered += 1;
      continue;
    }
    const into = place === "archive" ? archived : dead;
    const times = into.get(line) ?? 0;
    into.delete(line);
    if (place === "archive") landed += times;
    else deadLetters += times;
    if (times === 0) lost += 1;
    duplicated += Math.max(0, times - 1);
  }
  const phantom = [...archived.values(), ...dead.values()].reduce((sum, times) => sum + times, 0);
  return { put: put.length, landed, deadLetters, filtered, lost, duplicated, phantom };
}

function linesOf(body: Uint8Array): readonly string[] {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  const text = (isGzip ? gunzipSync(body) : Buffer.from(body)).toString("utf8");
  return text.split("\n").filter((line) => line !== "");
}
