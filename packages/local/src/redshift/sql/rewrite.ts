import { SCHEMA } from "../databases/catalog.js";
import { rewriteCreateTable } from "./create-table.js";
import { notEmulated } from "../errors.js";
import {
  isSymbol,
  isWord,
  nameOf,
  quoteName,
  significant,
  statementKind,
  type SqlToken,
} from "./sql-tokens.js";

/** Views of load errors, the only system views there are. */
const LOAD_ERROR_VIEWS = new Set(["stl_load_errors", "sys_load_error_detail"]);
const SYSTEM_VIEW = /^(?:svv|stv|svl|svcs|stl|sys)_/;

/**
 * Redshift's SQL as PostgreSQL's, token by token; text inside quotes is never touched.
 *
 * @throws {SqlFailure} `not emulated`, for what would be something else here
 */
export function rewrite(tokens: readonly SqlToken[]): string {
  refuse(significant(tokens));
  const kind = statementKind(tokens);
  const named = tokens.map((token) =>
    token.kind === "quoted" ? { kind: token.kind, text: quoteName(nameOf(token)) } : token,
  );
  const shaped = kind === "CREATE TABLE" ? rewriteCreateTable(named) : named;
  return joined(rewriteCalls(shaped));
}

function joined(tokens: readonly SqlToken[]): string {
  return tokens.map((token) => token.text).join("");
}

function refuse(tokens: readonly SqlToken[]): void {
  const [first] = tokens;
  if (isWord(first, "UNLOAD")) throw notEmulated("UNLOAD");
  if (
    isWord(first, "VACUUM", "ANALYZE") &&
    tokens.some((token) => isWord(token, "COMPRESSION", "REINDEX", "SORT"))
  )
    throw notEmulated("Redshift's forms of VACUUM and ANALYZE");
  if (isWord(first, "ALTER") && tokens.some((token) => isWord(token, "APPEND")))
    throw notEmulated("ALTER TABLE APPEND");
  if (
    isWord(first, "ALTER") &&
    tokens.some((token) => isWord(token, "DISTSTYLE", "DISTKEY", "SORTKEY", "ENCODE"))
  )
    throw notEmulated("ALTER TABLE of distribution, sorting and encoding");
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (isWord(token, "REMOVE") && isWord(next, "DUPLICATES"))
      throw notEmulated("MERGE ... REMOVE DUPLICATES");
    // Redshift has no arrays but those in SUPER.
    if (isSymbol(token, "[")) throw notEmulated("paths into SUPER values");
    if (isSystemView(tokens, index)) throw notEmulated(`the system view ${token.text}`);
  }
}

/** A name after FROM or JOIN, or after `pg_catalog.` there. */
function isSystemView(tokens: readonly SqlToken[], index: number): boolean {
  const token = tokens[index];
  if (token?.kind !== "word" || !SYSTEM_VIEW.test(nameOf(token))) return false;
  return isRelation(tokens, index) && !LOAD_ERROR_VIEWS.has(nameOf(token));
}

function isRelation(tokens: readonly SqlToken[], index: number): boolean {
  const schema = tokens[index - 2];
  const before =
    isSymbol(tokens[index - 1], ".") && schema !== undefined && nameOf(schema) === "pg_catalog"
      ? index - 3
      : index - 1;
  return isWord(tokens[before], "FROM", "JOIN");
}

/** Functions, views and types that PostgreSQL calls otherwise. */
function rewriteCalls(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const out: SqlToken[] = [...tokens];
  for (let at = 0; at < out.length; at += 1) {
    const token = out[at];
    if (token?.kind !== "word") continue;
    const before = previous(out, at);
    const after = next(out, at + 1);
    const name = nameOf(token);
    if (LOAD_ERROR_VIEWS.has(name)) {
      replaceView(out, at);
      continue;
    }
    if (isSymbol(out[before], ".")) continue;
    const called = isSymbol(out[after], "(");
    if (!called && name === "sysdate") out[at] = word(`${SCHEMA}.sysdate()`);
    if (name === "super" && isTypeAt(out[before])) out[at] = word("JSONB");
    if (!called) continue;
    const renamed = calls[name];
    if (renamed !== undefined) out[at] = word(renamed);
    if (name === "varchar" || name === "nvarchar" || name === "varying") rewriteLength(out, at, after);
    if (name === "dateadd") quoteUnit(out, after);
    if (name === "listagg") rewriteListagg(out, at, after);
  }
  return out;
}

const calls: Readonly<Record<string, string | undefined>> = {
  __proto__: null as never,
  getdate: `${SCHEMA}.getdate`,
  nvl: "COALESCE",
  len: "char_length",
  json_parse: `${SCHEMA}.json_parse`,
  dateadd: `${SCHEMA}.dateadd`,
  pg_last_copy_count: `${SCHEMA}.pg_last_copy_count`,
  pg_last_copy_id: `${SCHEMA}.pg_last_copy_id`,
};

function word(text: string): SqlToken {
  return { kind: "word", text };
}

function next(tokens: readonly SqlToken[], from: number): number {
  let at = from;
  while (tokens[at]?.kind === "space") at += 1;
  return at;
}

function previous(tokens: readonly SqlToken[], from: number): number {
  let at = from - 1;
  while (tokens[at]?.kind === "space") at -= 1;
  return at;
}

/** A type follows a name, a cast or `AS` of CAST; a column called super follows a comma, a bracket or a keyword. */
function isTypeAt(before: SqlToken | undefined): boolean {
  return (
    isSymbol(before, "::") ||
    before?.kind === "quoted" ||
    (before?.kind === "word" &&
      !isWord(before, "SELECT", "BY", "SET", "WHERE", "AND", "OR", "ON", "NOT", "TABLE"))
  );
}

function replaceView(out: SqlToken[], at: number): void {
  const token = out[at];
  if (token === undefined) return;
  const dot = previous(out, at);
  const schema = isSymbol(out[dot], ".") ? previous(out, dot) : -1;
  if (schema === -1) {
    // A column reference `stl_load_errors.query` goes on working: PostgreSQL takes the view's own name for it.
    const isPrefix = isSymbol(out[next(out, at + 1)], ".");
    if (!isPrefix) out[at] = word(`${SCHEMA}.${nameOf(token)}`);
  } else if (nameOf(out[schema] ?? token) === "pg_catalog") out[schema] = word(SCHEMA);
}

/** VARCHAR(MAX) is the longest there is: 65,535 bytes. NVARCHAR is VARCHAR. */
function rewriteLength(out: SqlToken[], at: number, open: number): void {
  const length = next(out, open + 1);
  if (isWord(out[length], "MAX")) out[length] = { kind: "number", text: "65535" };
  if (isWord(out[at], "NVARCHAR")) out[at] = word("VARCHAR");
}

function quoteUnit(out: SqlToken[], open: number): void {
  const at = next(out, open + 1);
  const unit = out[at];
  if (unit?.kind === "word") out[at] = { kind: "string", text: `'${nameOf(unit)}'` };
}

function closing(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (isSymbol(tokens[at], "(")) depth += 1;
    if (isSymbol(tokens[at], ")")) depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length - 1;
}

/** LISTAGG(x, d) WITHIN GROUP (ORDER BY y) is string_agg(x::text, d ORDER BY y). */
function rewriteListagg(out: SqlToken[], at: number, open: number): void {
  const close = closing(out, open);
  let depth = 0;
  let comma = -1;
  for (let each = open; each < close; each += 1) {
    if (isSymbol(out[each], "(")) depth += 1;
    if (isSymbol(out[each], ")")) depth -= 1;
    if (depth === 1 && isSymbol(out[each], ",")) comma = each;
  }
  const within = next(out, close + 1);
  const group = next(out, within + 1);
  const order = next(out, group + 1);
  let last = close;
  let ordering: readonly SqlToken[] = [];
  if (isWord(out[within], "WITHIN") && isWord(out[group], "GROUP") && isSymbol(out[order], "(")) {
    last = closing(out, order);
    ordering = [{ kind: "space", text: " " }, ...out.slice(order + 1, last)];
  }
  const start = next(out, open + 1);
  const distinct = isWord(out[start], "DISTINCT") ? out.slice(start, start + 1) : [];
  const value = out.slice(start + distinct.length, comma === -1 ? close : comma);
  const delimiter = comma === -1 ? [{ kind: "string", text: "''" } as const] : out.slice(comma + 1, close);
  out.splice(
    at,
    last + 1 - at,
    word("string_agg"),
    { kind: "symbol", text: "(" },
    ...distinct,
    { kind: "space", text: " " },
    { kind: "symbol", text: "(" },
    ...value,
    { kind: "symbol", text: ")" },
    { kind: "symbol", text: "::" },
    word("text"),
    { kind: "symbol", text: "," },
    ...delimiter,
    ...ordering,
    { kind: "symbol", text: ")" },
  );
}
