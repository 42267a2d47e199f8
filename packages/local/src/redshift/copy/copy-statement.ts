import { notEmulated, SqlFailure } from "../errors.js";
import { isSymbol, isWord, nameOf, quoteName, significant, type SqlToken } from "../sql/sql-tokens.js";

/** How the files of a COPY are written. */
type CopyFormat =
  | { readonly kind: "json"; readonly keys: "auto" | "auto ignorecase" }
  | { readonly kind: "json"; readonly keys: "paths"; readonly pathsUrl: string }
  | { readonly kind: "csv"; readonly delimiter: string; readonly quote: string }
  | { readonly kind: "delimited"; readonly delimiter: string; readonly escape: boolean };

/** A COPY command, understood. */
export interface CopyCommand {
  /** Quoted, with its schema when it was given. */
  readonly table: string;
  readonly tableName: string;
  /** In the order of the file's fields; undefined: all columns of the table. */
  readonly columns: readonly string[] | undefined;
  readonly sourceUrl: string;
  readonly manifest: boolean;
  readonly format: CopyFormat;
  readonly gzip: boolean;
  readonly nullAs: string;
  readonly ignoreHeader: number;
  readonly maxErrors: number;
  readonly emptyAsNull: boolean;
  readonly blanksAsNull: boolean;
  readonly truncateColumns: boolean;
  readonly ignoreBlankLines: boolean;
  readonly timeFormat: "auto" | "epochsecs" | "epochmillisecs";
}

const ROLE =
  /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}(?:,arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512})*$/;

type Settings = { -readonly [Key in keyof CopyCommand]?: CopyCommand[Key] } & {
  authorized?: boolean;
  delimiter?: string;
  quote?: string;
  escape?: boolean;
  csv?: boolean;
  json?: string;
};

/**
 * Reads `COPY table (columns) FROM 's3://...' options`. Every option is known or an error: an option that is ignored
 * would load other rows than Redshift.
 */
export function readCopy(sql: readonly SqlToken[]): CopyCommand {
  const reader = new Reader(
    significant(sql).filter((token, index, all) => index < all.length - 1 || !isSymbol(token, ";")),
  );
  reader.need("COPY");
  const names = [reader.name()];
  if (reader.symbol(".")) names.push(reader.name());
  let columns: string[] | undefined;
  if (reader.symbol("(")) {
    columns = [];
    do columns.push(reader.name());
    while (reader.symbol(","));
    if (!reader.symbol(")")) throw reader.failure();
  }
  reader.need("FROM");
  const sourceUrl = reader.text();
  if (!sourceUrl.startsWith("s3://")) throw notEmulated("COPY from anything but s3://");
  const settings: Settings = {};
  while (!reader.done()) readOption(reader, settings);
  if (settings.authorized !== true)
    throw new SqlFailure("COPY needs authorization: give IAM_ROLE 'arn:aws:iam::<account>:role/<name>'");
  return {
    nullAs: "\\N",
    gzip: false,
    manifest: false,
    ignoreHeader: 0,
    maxErrors: 0,
    emptyAsNull: false,
    blanksAsNull: false,
    truncateColumns: false,
    ignoreBlankLines: false,
    timeFormat: "auto",
    ...settings,
    table: names.map(quoteName).join("."),
    tableName: names.at(-1) ?? "",
    columns,
    sourceUrl,
    format: formatOf(settings),
  };
}

function formatOf({ csv = false, json, delimiter, quote, escape }: Settings): CopyFormat {
  if (json !== undefined) {
    if (csv || delimiter !== undefined || escape === true || quote !== undefined)
      throw new SqlFailure("JSON is not compatible with CSV, DELIMITER, ESCAPE and QUOTE");
    if (json === "auto" || json === "auto ignorecase") return { kind: "json", keys: json };
    if (json.startsWith("s3://")) return { kind: "json", keys: "paths", pathsUrl: json };
    throw notEmulated(`JSON '${json}'`);
  }
  if (csv) {
    if (escape === true) throw new SqlFailure("CSV is not compatible with ESCAPE");
    return { kind: "csv", delimiter: delimiter ?? ",", quote: quote ?? '"' };
  }
  if (quote !== undefined) throw new SqlFailure("QUOTE is only for CSV");
  return { kind: "delimited", delimiter: delimiter ?? "|", escape: escape ?? false };
}

function readOption(reader: Reader, settings: Settings): void {
  const option = reader.word();
  switch (option) {
    case "IAM_ROLE": {
      if (!reader.accept("DEFAULT") && !ROLE.test(reader.text()))
        throw new SqlFailure("IAM_ROLE takes the ARN of a role, or default");
      settings.authorized = true;
      return;
    }
    case "CREDENTIALS":
    case "WITH":
    case "ACCESS_KEY_ID":
    case "SECRET_ACCESS_KEY":
    case "SESSION_TOKEN":
      // The key itself must not reach an error text.
      throw new SqlFailure(
        "[local] COPY with credentials is refused: give IAM_ROLE, keys do not belong into SQL",
      );
    case "FORMAT":
      reader.accept("AS");
      return;
    case "CSV":
      settings.csv = true;
      return;
    case "JSON":
      reader.accept("AS");
      settings.json = reader.textOr("auto");
      return;
    case "QUOTE":
      settings.quote = reader.character();
      return;
    case "DELIMITER":
      settings.delimiter = reader.character();
      return;
    case "ESCAPE":
      settings.escape = true;
      return;
    case "MANIFEST":
      settings.manifest = true;
      return;
    case "GZIP":
      settings.gzip = true;
      return;
    case "NULL":
      reader.accept("AS");
      settings.nullAs = reader.text();
      return;
    case "IGNOREHEADER":
      settings.ignoreHeader = reader.number();
      return;
    case "MAXERROR":
      settings.maxErrors = reader.number();
      return;
    case "EMPTYASNULL":
      settings.emptyAsNull = true;
      return;
    case "BLANKSASNULL":
      settings.blanksAsNull = true;
      return;
    case "TRUNCATECOLUMNS":
      settings.truncateColumns = true;
      return;
    case "IGNOREBLANKLINES":
      settings.ignoreBlankLines = true;
      return;
    case "REGION":
      reader.accept("AS");
      reader.text();
      return;
    case "STATUPDATE":
    case "COMPUPDATE":
      // Statistics and encodings: nothing that a result shows.
      if (!reader.accept("ON", "OFF", "TRUE", "FALSE")) reader.accept("PRESET");
      return;
    case "DATEFORMAT":
    case "TIMEFORMAT": {
      reader.accept("AS");
      const format = reader.text().toLowerCase();
      if (option === "TIMEFORMAT" && (format === "epochsecs" || format === "epochmillisecs"))
        settings.timeFormat = format;
      else if (format !== "auto") throw notEmulated(`${option} '${format}'`);
      return;
    }
    default:
      throw notEmulated(`the COPY option ${option}`);
  }
}

/** Goes through the tokens of one command. */
class Reader {
  readonly #tokens: readonly SqlToken[];
  #at = 0;

  constructor(tokens: readonly SqlToken[]) {
    this.#tokens = tokens;
  }

  done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  failure(): SqlFailure {
    const token = this.#tokens[this.#at];
    // A literal is a value: it does not belong into an error.
    const seen =
      token === undefined ? "end of input" : token.kind === "string" ? "a literal" : `"${token.text}"`;
    return new SqlFailure(`syntax error at or near ${seen}`, { sqlState: "42601" });
  }

  accept(...words: readonly string[]): boolean {
    const found = isWord(this.#tokens[this.#at], ...words);
    if (found) this.#at += 1;
    return found;
  }

  need(word: string): void {
    if (!this.accept(word)) throw this.failure();
  }

  symbol(symbol: string): boolean {
    const found = isSymbol(this.#tokens[this.#at], symbol);
    if (found) this.#at += 1;
    return found;
  }

  word(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word") throw this.failure();
    this.#at += 1;
    return token.text.toUpperCase();
  }

  name(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" && token?.kind !== "quoted") throw this.failure();
    this.#at += 1;
    return nameOf(token);
  }

  number(): number {
    this.accept("AS");
    const token = this.#tokens[this.#at];
    if (token?.kind !== "number" || !/^\d{1,6}$/.test(token.text)) throw this.failure();
    this.#at += 1;
    return Number(token.text);
  }

  /** A literal's value; `\'` and `\\` are what they stand for, COPY reads other escapes itself. */
  text(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "string" || !/^'(?:[\s\S]*)'$/.test(token.text)) throw this.failure();
    this.#at += 1;
    return token.text
      .slice(1, -1)
      .replaceAll(/''|\\(['\\])/g, (_, escaped: string | undefined) => escaped ?? "'");
  }

  textOr(fallback: string): string {
    return this.#tokens[this.#at]?.kind === "string" ? this.text() : fallback;
  }

  /** One ASCII character, or its escape: `\t`, `\n`, `\` and three octal digits. */
  character(): string {
    this.accept("AS");
    const text = this.text();
    const octal = /^\\([0-7]{3})$/.exec(text)?.[1];
    const value =
      text === "\\t" ? "\t" : octal === undefined ? text : String.fromCharCode(Number.parseInt(octal, 8));
    if (value.length !== 1 || value > "\u007f" || /[\r\n]/.test(value))
      throw new SqlFailure("COPY delimiter and quote must be a single ASCII character");
    return value;
  }
}
