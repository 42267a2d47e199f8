type StreamReader = typeof import("./stream-reader.js");

let loaded: StreamReader | undefined;

/** What reads the stream itself, loaded when it is first needed: it is no part of what a cold start loads. */
export async function streamReader(): Promise<StreamReader> {
  loaded ??= await import("./stream-reader.js");
  return loaded;
}

/** Has it at once: loading a file takes time of the machine, which no virtual clock knows of. */
export function giveStreamReader(reader: StreamReader): void {
  loaded = reader;
}
