import { isSymbol, isWord, type SqlToken } from "./sql-tokens.js";

/**
 * CREATE TABLE without what only Redshift has. Distribution, sorting, encoding and backup are dropped: they change
 * no result. PRIMARY KEY, UNIQUE and references are dropped too, since Redshift does not enforce them ("Table
 * constraints" in its developer guide) and a test must not pass because PostgreSQL does; a primary key's NOT NULL stays.
 */
export function rewriteCreateTable(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const out: SqlToken[] = [];
  let depth = 0;
  let at = 0;
  const skip = (): number => {
    do at += 1;
    while (tokens[at]?.kind === "space");
    return at;
  };
  /** Passes over `( ... )` when it is next; gives the tokens inside. */
  const skipBrackets = (): readonly SqlToken[] => {
    if (!isSymbol(tokens[at], "(")) return [];
    const start = at + 1;
    let open = 0;
    for (; at < tokens.length; at += 1) {
      if (isSymbol(tokens[at], "(")) open += 1;
      if (isSymbol(tokens[at], ")")) open -= 1;
      if (open === 0) break;
    }
    const inside = tokens.slice(start, at);
    skip();
    return inside;
  };
  const put = (text: string): void => {
    out.push({ kind: "word", text }, { kind: "space", text: " " });
  };

  while (at < tokens.length) {
    const token = tokens[at];
    if (token === undefined) break;
    if (depth === 0 && isWord(token, "AS")) return [...out, ...tokens.slice(at)];
    if (isSymbol(token, "(")) depth += 1;
    if (isSymbol(token, ")")) depth -= 1;
    const before = lastOf(out);
    const startsColumn = depth === 1 && (isSymbol(before, "(") || isSymbol(before, ","));
    if (isWord(token, "DISTSTYLE", "BACKUP")) {
      skip();
      skip();
    } else if (isWord(token, "ENCODE") && !startsColumn) {
      skip();
      skip();
    } else if (isWord(token, "DISTKEY") && !startsColumn) {
      skip();
      skipBrackets();
    } else if (isWord(token, "COMPOUND", "INTERLEAVED", "SORTKEY") && !startsColumn) {
      if (!isWord(token, "SORTKEY")) skip();
      skip();
      if (isWord(tokens[at], "AUTO")) skip();
      else skipBrackets();
    } else if (isWord(token, "IDENTITY") && depth === 1 && !startsColumn) {
      skip();
      const [start = "0", step = "1"] = skipBrackets()
        .filter((each) => each.kind === "number" || isSymbol(each, "-"))
        .map((each) => each.text);
      const byDefault = isWord(before, "AS");
      // Redshift's seed may be 0, which PostgreSQL's default minimum of 1 refuses.
      put(
        `${byDefault ? "" : "GENERATED ALWAYS AS "}IDENTITY (MINVALUE 0 START WITH ${start} INCREMENT BY ${step})`,
      );
    } else if (isWord(token, "PRIMARY") && depth === 1) {
      skip();
      skip();
      const columns = skipBrackets().filter((each) => each.kind === "word" || each.kind === "quoted");
      put(
        columns.length === 0
          ? "NOT NULL"
          : `CHECK (${columns.map((column) => `${column.text} IS NOT NULL`).join(" AND ")})`,
      );
    } else if (isWord(token, "UNIQUE") && depth === 1) {
      skip();
      skipBrackets();
      put("CHECK (TRUE)");
    } else if (isWord(token, "FOREIGN") && depth === 1) {
      skip();
      skip();
      skipBrackets();
    } else if (isWord(token, "REFERENCES") && depth === 1) {
      skip();
      while (
        tokens[at] !== undefined &&
        (tokens[at]?.kind === "word" || tokens[at]?.kind === "quoted" || isSymbol(tokens[at], "."))
      ) {
        const more = isSymbol(tokens[at], ".") || isSymbol(tokens[nextOf(tokens, at)], ".");
        skip();
        if (!more) break;
      }
      skipBrackets();
      put("CHECK (TRUE)");
    } else if (isWord(token, "TEXT", "VARCHAR", "BPCHAR") && !startsColumn && depth === 1 && isName(before)) {
      const isText = isWord(token, "TEXT");
      out.push(isText ? { kind: "word", text: "VARCHAR" } : token);
      skip();
      // "Character types" in the developer guide: TEXT is VARCHAR(256), and 256 is the default length.
      if (!isSymbol(tokens[at], "(")) out.push({ kind: "symbol", text: "(256) " });
    } else {
      out.push(token);
      at += 1;
    }
  }
  return out;
}

function lastOf(out: readonly SqlToken[]): SqlToken | undefined {
  return out.findLast((token) => token.kind !== "space");
}

function nextOf(tokens: readonly SqlToken[], from: number): number {
  let at = from + 1;
  while (tokens[at]?.kind === "space") at += 1;
  return at;
}

function isName(token: SqlToken | undefined): boolean {
  return token?.kind === "word" || token?.kind === "quoted";
}
