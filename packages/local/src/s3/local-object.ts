import type { StoredObject } from "./store/object-store.js";

/** An object as a test or a sample looks at it, without a request. */
export interface LocalObject {
  readonly key: string;
  readonly body: Buffer;
  /** Names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Content headers and encryption, lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly lastModifiedMs: number;
}

/** The view of a stored object. */
export function localObject({ key, body, etag, lastModifiedMs, headers: stored }: StoredObject): LocalObject {
  const metadata: Record<string, string> = {};
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(stored)) {
    if (name.startsWith("x-amz-meta-")) metadata[name.slice("x-amz-meta-".length)] = value;
    else headers[name] = value;
  }
  return { key, body, etag, lastModifiedMs, metadata, headers };
}
