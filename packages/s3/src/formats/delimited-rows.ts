import type { ArchivedContent, ObjectContent } from "./archive-format.js";
import { asBuffer } from "./pieces.js";

/** How lines were written, as `delimited` was told. */
interface Style {
  readonly delimiter: string;
  readonly quote: string;
  readonly header: boolean;
  readonly nullText: string;
  readonly names: readonly string[];
}

const LINE_FEED = 0x0a;

/**
 * The rows of an object of `delimited`, some at a time: each field a text, or null where it is the text for null and not quoted. Line breaks within quotes
 * belong to their field (RFC 4180 section 2).
 */
export async function* rowsIn(
  { chunks, maxRecordBytes }: ObjectContent,
  style: Style,
): AsyncGenerator<readonly ArchivedContent[], void> {
  let isHeader = style.header;
  for await (const lines of linesOf(chunks(), style.quote, maxRecordBytes)) {
    const rows: ArchivedContent[] = [];
    for (const line of lines) {
      const fields = fieldsOf(line, style);
      if (isHeader) {
        isHeader = false;
        if (fields.length !== style.names.length || fields.some((name, nth) => name !== style.names[nth]))
          throw new SyntaxError("its line of column names is not that of the columns that were given");
        continue;
      }
      if (fields.length !== style.names.length)
        throw new SyntaxError(
          `a line has ${fields.length} fields, and ${style.names.length} columns were given`,
        );
      const row = Object.fromEntries(style.names.map((name, nth) => [name, fields[nth]]));
      rows.push({ row, data: Buffer.from(JSON.stringify(row)) });
    }
    if (rows.length > 0) yield rows;
  }
}

/** Lines as texts, without the line feeds between them; one within quotes ends no line. */
async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  quote: string,
  maxBytes: number,
): AsyncGenerator<readonly string[], void> {
  const quoteByte = quote === "" ? -1 : quote.charCodeAt(0);
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pieces: Buffer[] = [];
  let length = 0;
  let isQuoted = false;
  const keep = (piece: Buffer): void => {
    length += piece.length;
    if (length > maxBytes) throw new RangeError(`a record has more than ${maxBytes} bytes (maxRecordBytes)`);
    pieces.push(piece);
  };
  for await (const chunk of chunks) {
    const bytes = asBuffer(chunk);
    const lines: string[] = [];
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      // A doubled quote inside of quotes leaves them and enters them again.
      if (byte === quoteByte) isQuoted = !isQuoted;
      if (byte !== LINE_FEED || isQuoted) continue;
      keep(bytes.subarray(start, at));
      lines.push(utf8.decode(Buffer.concat(pieces)));
      pieces = [];
      length = 0;
      start = at + 1;
    }
    if (start < bytes.length) keep(bytes.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (length > 0) throw new Error("it ends in the middle of a line");
}

function fieldsOf(line: string, { delimiter, quote, nullText }: Style): (string | null)[] {
  const fields: (string | null)[] = [];
  let at = 0;
  for (;;) {
    if (quote !== "" && line[at] === quote) {
      let field = "";
      let start = at + 1;
      let end = line.indexOf(quote, start);
      while (end !== -1 && line[end + 1] === quote) {
        field += line.slice(start, end + 1);
        start = end + 2;
        end = line.indexOf(quote, start);
      }
      if (end === -1) throw new SyntaxError("a quote is not closed");
      fields.push(field + line.slice(start, end));
      at = end + 1;
      if (at < line.length && line[at] !== delimiter)
        throw new SyntaxError("a quoted field goes on behind its quote");
    } else {
      const end = line.indexOf(delimiter, at);
      const field = end === -1 ? line.slice(at) : line.slice(at, end);
      fields.push(field === nullText ? null : field);
      at = end === -1 ? line.length : end;
    }
    if (at >= line.length) return fields;
    at += 1;
  }
}
