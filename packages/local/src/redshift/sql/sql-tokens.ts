/** A piece of SQL text. Joined, the pieces are the text again. */
export interface SqlToken {
  readonly kind: "word" | "quoted" | "string" | "number" | "parameter" | "symbol" | "space";
  readonly text: string;
}

// One alternative per kind. In Redshift a backslash escapes inside '...' as it did in PostgreSQL 8.0
// (jOOQ#10628, dbeaver#10747), so \' does not end a literal. A literal, name or comment that is not closed runs to
// the end: whatever follows must not be taken for SQL.
const PIECE =
  /(?<space>\s+|--[^\n]*)|(?<string>'(?:[^'\\]|''|\\[\s\S])*(?:'|\\?$))|(?<quoted>"(?:[^"]|"")*(?:"|$))|(?<parameter>(?<!:):[A-Za-z_0-9]+)|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<symbol>::|[\s\S])/uy;

/** Cuts SQL text into tokens. */
export function tokenize(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  const take = (kind: SqlToken["kind"], end: number): void => {
    tokens.push({ kind, text: sql.slice(at, end) });
    at = end;
  };
  while (at < sql.length) {
    if (sql.startsWith("/*", at)) {
      take("space", endOfComment(sql, at));
      continue;
    }
    const dollars = /\$(?:[A-Za-z_]\w*)?\$/y;
    dollars.lastIndex = at;
    const fence = dollars.exec(sql)?.[0];
    if (fence !== undefined) {
      const end = sql.indexOf(fence, at + fence.length);
      take("string", end === -1 ? sql.length : end + fence.length);
      continue;
    }
    PIECE.lastIndex = at;
    const groups = PIECE.exec(sql)?.groups ?? {};
    const kind = kinds.find((each) => groups[each] !== undefined) ?? "symbol";
    take(kind, at + (groups[kind]?.length ?? 1));
  }
  return tokens;
}

const kinds = ["space", "string", "quoted", "parameter", "word", "number", "symbol"] as const;

/** Comments nest, as in PostgreSQL. */
function endOfComment(sql: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

/** The tokens that mean something. */
export function significant(tokens: readonly SqlToken[]): readonly SqlToken[] {
  return tokens.filter((token) => token.kind !== "space");
}

/** Whether a token is this word (upper case), unquoted. */
export function isWord(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.text.toUpperCase());
}

/** Whether a token is this symbol. */
export function isSymbol(token: SqlToken | undefined, symbol: string): boolean {
  return token?.kind === "symbol" && token.text === symbol;
}

/**
 * The name a token stands for. Redshift folds names to lower case, quoted or not, unless
 * `enable_case_sensitive_identifier` is set ("Names and identifiers" in its developer guide).
 */
export function nameOf(token: SqlToken): string {
  return (token.kind === "quoted" ? token.text.slice(1, -1).replaceAll('""', '"') : token.text).replaceAll(
    /[A-Z]/g,
    (letter) => letter.toLowerCase(),
  );
}

/** A name as SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A value as SQL, for sessions in which a backslash escapes. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/**
 * What a call is, for journal and fault rules: `COPY`, `INSERT`, `CREATE TABLE`; never names or values.
 */
export function statementKind(tokens: readonly SqlToken[]): string {
  const words = significant(tokens)
    .slice(0, 4)
    .filter((token) => token.kind === "word")
    .map((token) => token.text.toUpperCase())
    .filter((word) => word !== "TEMP" && word !== "TEMPORARY" && word !== "LOCAL");
  const [first = "", second] = words;
  return ["CREATE", "DROP", "ALTER"].includes(first) && second !== undefined ? `${first} ${second}` : first;
}
