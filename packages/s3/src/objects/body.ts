import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** The bytes of an object that is ready to go. */
export interface Body {
  readonly length: number;
  readonly read: (start: number, end: number) => Promise<Buffer>;
}

/** Keeps the encoded bytes of one batch until they are written. */
export interface Spool extends AsyncDisposable {
  readonly keep: (bytes: Buffer) => Promise<Body>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Opens a file that is not there yet, for writing and reading. */
export type OpenFile = (path: string) => Promise<FileHandle>;

const openNew: OpenFile = (path) => open(path, "wx+", 0o600);

/** Bytes in memory as a body. */
export function bodyOf(bytes: Buffer): Body {
  return { length: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}

/** Bodies one behind the other. */
export function joined(bodies: readonly Body[]): Body {
  const [only] = bodies;
  if (only !== undefined && bodies.length === 1) return only;
  const length = bodies.reduce((sum, body) => sum + body.length, 0);
  return {
    length,
    read: async (start, end) => {
      const bytes = Buffer.allocUnsafe(end - start);
      let bodyStart = 0;
      for (const body of bodies) {
        const from = Math.max(start, bodyStart);
        const to = Math.min(end, bodyStart + body.length);
        if (from < to) (await body.read(from - bodyStart, to - bodyStart)).copy(bytes, from - start);
        bodyStart += body.length;
      }
      return bytes;
    },
  };
}

/** A spool in memory. */
export function memorySpool(): Spool {
  return {
    // A compressor hands out a corner of a chunk many times as large: kept for each of many small objects, the chunks would fill the memory.
    keep: (bytes) => Promise.resolve(bodyOf(tight(bytes))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * A spool in one file, which has no name any more once it is open: whatever ends the process, the disk has its space back.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` when the disk is full or the folder cannot be written: the shard stops, nothing is dropped
 */
export async function fileSpool(folder: string, name: string, openFile: OpenFile = openNew): Promise<Spool> {
  const path = join(folder, name);
  let file: FileHandle;
  try {
    file = await openFile(path);
  } catch (error) {
    throw spoolError(folder, error);
  }
  await rm(path, { force: true });
  let end = 0;
  return {
    keep: async (bytes) => {
      const start = end;
      // Taken before the first wait: several objects are kept at a time.
      end += bytes.length;
      try {
        await writeAll(file, bytes, start);
      } catch (error) {
        throw spoolError(folder, error);
      }
      return {
        length: bytes.length,
        read: (from, to) => readAll(file, start + from, to - from),
      };
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** The same bytes in memory of their own, where they are a corner of something much larger. */
export function tight(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= bytes.length + bytes.length / 4) return bytes;
  // Not from Node's pool, of which a small object would hold eight KiB.
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

async function writeAll(file: FileHandle, bytes: Buffer, start: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, start + done);
    done += bytesWritten;
  }
}

async function readAll(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) throw new Error("the spool file is shorter than what was written to it");
    done += bytesRead;
  }
  return bytes;
}

function spoolError(folder: string, cause: unknown): KinesisConnectorError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `the folder ${folder} (option spoolDir) took no more (${code}): free its disk, or let this process write there; nothing was lost`,
    { cause },
  );
}
