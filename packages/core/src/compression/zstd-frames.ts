/** A frame of zstd (RFC 8878 section 3.1.1). */
export interface ZstdFrame {
  readonly bytes: Uint8Array;
  /** Bytes that come out, as the frame says; undefined where it does not. */
  readonly contentBytes: number | undefined;
  /** No more than this comes out. */
  readonly boundBytes: number;
  /** Where its first block begins. */
  readonly firstBlock: number;
}

/** Why data are no frames of zstd. */
class ZstdFramesError extends Error {
  readonly code: "cut" | "damaged" | "trailing";

  constructor(code: "cut" | "damaged" | "trailing") {
    super(code);
    this.code = code;
  }
}

/** Section 3.1.1.2.4: a block comes to this much at most. */
export const MAX_BLOCK_BYTES: number = 128 * 1024;
const MAGIC = 0xfd2fb528;
/** Section 3.1.2: sixteen magic numbers, of frames that hold nothing for a decoder. */
const SKIPPABLE_MAGIC = 0x184d2a50;

/**
 * The frames of compressed data, by their headers alone: nothing is decompressed, so a lie about sizes costs nothing yet.
 * @throws ZstdFramesError
 */
export function framesOf(data: Uint8Array): readonly ZstdFrame[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const frames: ZstdFrame[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + 4 > data.length) throw new ZstdFramesError("trailing");
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      if (at + 8 > data.length) throw new ZstdFramesError("cut");
      at += 8 + view.getUint32(at + 4, true);
      if (at > data.length) throw new ZstdFramesError("cut");
      continue;
    }
    if (magic !== MAGIC) throw new ZstdFramesError("trailing");
    const frame = frameAt(data, view, at);
    frames.push(frame);
    at += frame.bytes.length;
  }
  return frames;
}

function frameAt(data: Uint8Array, view: DataView, start: number): ZstdFrame {
  const descriptor = byteAt(data, start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  if ((descriptor & 0x08) !== 0) throw new ZstdFramesError("damaged");
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let at = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryIdBytes;
  if (at + contentSizeBytes > data.length) throw new ZstdFramesError("cut");
  const contentBytes = contentSizeOf(view, at, contentSizeBytes);
  at += contentSizeBytes;
  const firstBlock = at - start;
  let boundBytes = 0;
  for (let isLast = false; !isLast;) {
    const block = blockAt(data, at);
    ({ isLast } = block);
    at = block.end;
    boundBytes += block.isCompressed ? MAX_BLOCK_BYTES : block.size;
  }
  at += hasChecksum ? 4 : 0;
  if (at > data.length) throw new ZstdFramesError("cut");
  return {
    bytes: data.subarray(start, at),
    contentBytes,
    boundBytes: contentBytes ?? boundBytes,
    firstBlock,
  };
}

/** A block of a frame (section 3.1.1.2). */
interface ZstdBlock {
  readonly isLast: boolean;
  readonly isCompressed: boolean;
  /** Bytes in the frame of one that is compressed, bytes that come out of any other. */
  readonly size: number;
  readonly end: number;
}

function blockAt(data: Uint8Array, at: number): ZstdBlock {
  if (at + 3 > data.length) throw new ZstdFramesError("cut");
  const header = byteAt(data, at) | (byteAt(data, at + 1) << 8) | (byteAt(data, at + 2) << 16);
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type === 3 || size > MAX_BLOCK_BYTES) throw new ZstdFramesError("damaged");
  // Raw, one byte many times, compressed.
  return {
    isLast: (header & 1) === 1,
    isCompressed: type === 2,
    size,
    end: at + 3 + (type === 1 ? 1 : size),
  };
}

/** A part of a frame that comes to one block at most, for a decoder that is fed. */
export interface ZstdPiece {
  readonly bytes: Uint8Array;
  /** Whether anything has to come out of it. */
  readonly isEmpty: boolean;
}

/**
 * The pieces of a frame: the header goes with its first block, and what comes to nothing, the checksum behind it included, with the block before it, so that a
 * decoder that gives nothing for a piece in which there is something has found damage.
 */
export function* piecesOf({ bytes, firstBlock }: ZstdFrame): Generator<ZstdPiece, void> {
  let start = 0;
  let isEmpty = true;
  let at = firstBlock;
  for (let isLast = false; !isLast;) {
    const block = blockAt(bytes, at);
    ({ isLast } = block);
    if (block.size > 0) {
      if (!isEmpty) {
        yield { bytes: bytes.subarray(start, at), isEmpty };
        start = at;
      }
      isEmpty = false;
    }
    at = block.end;
  }
  yield { bytes: bytes.subarray(start), isEmpty };
}

function byteAt(data: Uint8Array, at: number): number {
  const byte = data[at];
  if (byte === undefined) throw new ZstdFramesError("cut");
  return byte;
}

function contentSizeOf(view: DataView, at: number, bytes: number): number | undefined {
  switch (bytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    case 8:
      return Number(view.getBigUint64(at, true));
    default:
      return undefined;
  }
}
