import type { ArchivedContent, ArchiveFormat } from "../formats/archive-format.js";
import { piecesOf } from "../formats/pieces.js";
import { parseDeadLetter } from "./parse-dead-letter.js";
import { DEAD_LETTER_EXTENSION } from "./s3-dead-letters.js";

const LINE_FEED: Buffer = Buffer.from("\n");

/** A line of a 10 MiB record in base64, and its fields, for each byte that is allowed of a record. */
const LINE_BYTES_PER_RECORD_BYTE = 1.5;
const LINE_BYTES = 8192;

/** The reading half of what `s3DeadLetters` writes: records with their positions, and why they were set aside. */
export function deadLetterLines(): ArchiveFormat {
  return {
    extension: DEAD_LETTER_EXTENSION,
    keepsPositions: true,
    read: async function* ({ key, chunks, maxRecordBytes }) {
      const maxBytes = Math.ceil(maxRecordBytes * LINE_BYTES_PER_RECORD_BYTE) + LINE_BYTES;
      for await (const lines of piecesOf(chunks(), { separator: LINE_FEED, maxBytes }))
        yield lines.map((line) => contentOf(line, key));
    },
  };
}

function contentOf(line: Buffer, key: string): ArchivedContent {
  const { data, partitionKey, explicitHashKey, arrivalTimeMs, ...letter } = parseDeadLetter(
    line.toString("utf8"),
    key,
  );
  const { sequenceNumber, subSequenceNumber, errorCode, errorMessage, attempts } = letter;
  return {
    data,
    partitionKey,
    ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
    arrivalTimeMs,
    position: { sequenceNumber, subSequenceNumber },
    deadLetter: { errorCode, errorMessage, attempts },
  };
}
