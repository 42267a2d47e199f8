import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * The five checksums of "Checking object integrity" in the S3 user guide. CRC values are big-endian and all values
 * are base64, in headers and trailers alike.
 */
export const CHECKSUM_ALGORITHMS: readonly ChecksumAlgorithm[] = [
  "CRC32",
  "CRC32C",
  "CRC64NVME",
  "SHA1",
  "SHA256",
];

/** The name of an algorithm as the API spells it. */
export type ChecksumAlgorithm = "CRC32" | "CRC32C" | "CRC64NVME" | "SHA1" | "SHA256";

/** Whether a value covers the whole object, or is a checksum of its parts' checksums (`<value>-<parts>`). */
export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

/** A checksum as it is stored with an object or a part. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** base64, with `-<parts>` when composite. */
  readonly value: string;
  readonly type: ChecksumType;
}

/** Takes bytes piece by piece and ends with the digest. */
export interface Digester {
  readonly update: (bytes: Uint8Array) => void;
  readonly digest: () => Buffer;
}

/** The header or trailer that carries a value. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The XML element that carries a value. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** Bytes of a digest; a header that decodes to another length is `InvalidRequest`. */
export function digestLength(algorithm: ChecksumAlgorithm): number {
  return DIGEST_BYTES[algorithm];
}

/** Reads an algorithm's name in any case. */
export function asChecksumAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  const upper = name?.toUpperCase();
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === upper);
}

/** The algorithm whose value a header or trailer carries. */
export function algorithmOfHeader(header: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => checksumHeader(algorithm) === header.toLowerCase());
}

/** Starts a running checksum. */
export function createDigester(algorithm: ChecksumAlgorithm): Digester {
  return DIGESTERS[algorithm]();
}

const DIGESTERS: Readonly<Record<ChecksumAlgorithm, () => Digester>> = {
  CRC32: () => running32(crc32),
  CRC32C: () => running32(crc32c),
  CRC64NVME: () => createCrc64Nvme(),
  SHA1: () => fromHash(createHash("sha1")),
  SHA256: () => fromHash(createHash("sha256")),
};

function running32(next: (bytes: Uint8Array, previous: number) => number): Digester {
  let value = 0;
  return {
    update: (bytes) => {
      value = next(bytes, value);
    },
    digest: () => uint32(value),
  };
}

/** The checksum of bytes that are all there, in base64. */
export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const digester = createDigester(algorithm);
  digester.update(bytes);
  return digester.digest().toString("base64");
}

function fromHash(hash: Hash): Digester {
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and final complement all ones (RFC 3720, appendix B.4).
const CRC32C_TABLE: Uint32Array = new Uint32Array(256);
for (let index = 0; index < 256; index += 1) {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  CRC32C_TABLE[index] = value >>> 0;
}

function crc32c(bytes: Uint8Array, previous: number): number {
  let value = ~previous;
  for (const byte of bytes) value = (CRC32C_TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

// CRC-64/NVME: reflected polynomial 0x9A6C9329AC4BC9B5, start and final complement all ones (NVM Express NVM command
// set specification). JavaScript has no fast 64-bit integer, so every table entry is kept as two 32-bit halves.
const CRC64_HIGH: Uint32Array = new Uint32Array(256);
const CRC64_LOW: Uint32Array = new Uint32Array(256);
for (let index = 0; index < 256; index += 1) {
  let high = 0;
  let low = index;
  for (let bit = 0; bit < 8; bit += 1) {
    const carry = low & 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (carry === 1) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  CRC64_HIGH[index] = high >>> 0;
  CRC64_LOW[index] = low >>> 0;
}

function createCrc64Nvme(): Digester {
  let high = -1;
  let low = -1;
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0);
        high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0);
      }
    },
    digest: () => Buffer.concat([uint32(~high), uint32(~low)]),
  };
}
