import { validationError } from "../errors.js";
import { isSymbol, quoteLiteral, significant, statementKind, type SqlToken } from "./sql-tokens.js";

/** A value for `:name`. */
export interface SqlParameter {
  readonly name: string;
  readonly value: string;
}

/** Where values may stand: PostgreSQL's protocol binds them in these only, in others `$1` is a syntax error. */
const TAKES_VALUES = /^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|VALUES|CALL|EXPLAIN)$/;

/** Checks the parameters of a call: every one is used somewhere, every `:name` has a value. Throws ValidationException. */
export function checkParameters(
  statements: readonly (readonly SqlToken[])[],
  parameters: readonly SqlParameter[],
): void {
  if (parameters.length === 0) return;
  const used = new Set(
    statements.flatMap((tokens) =>
      tokens.filter((token) => token.kind === "parameter").map((token) => token.text.slice(1)),
    ),
  );
  const given = new Set(parameters.map((parameter) => parameter.name));
  if (given.size < parameters.length) throw validationError("Parameters with the same name were given");
  const unused = [...given].filter((name) => !used.has(name));
  if (unused.length > 0)
    throw validationError(
      `Parameters list contains unused parameters. Unused parameters: [${unused.join(", ")}]`,
    );
  const missing = [...used].filter((name) => !given.has(name));
  if (missing.length > 0)
    throw validationError(`Parameters list misses parameters of the SQL: [${missing.join(", ")}]`);
}

/** Puts the values in, each as a literal of unknown type, as the service's untyped text parameters are. */
export function bindParameters(
  tokens: readonly SqlToken[],
  parameters: readonly SqlParameter[],
): readonly SqlToken[] {
  if (parameters.length === 0) return tokens;
  const values = new Map(parameters.map(({ name, value }) => [name, value]));
  const binds = TAKES_VALUES.test(statementKind(tokens).split(" ")[0] ?? "");
  let count = 0;
  return tokens.map((token): SqlToken => {
    const value = token.kind === "parameter" ? values.get(token.text.slice(1)) : undefined;
    if (value === undefined) return token;
    count += 1;
    // Left as $1 it fails in the database with the message the service gives.
    return binds ? { kind: "string", text: quoteLiteral(value) } : { kind: "symbol", text: `$${count}` };
  });
}

/** Whether the text holds more than one statement; a semicolon at the end is fine. */
export function isSeveral(tokens: readonly SqlToken[]): boolean {
  const pieces = significant(tokens);
  return pieces.slice(0, -1).some((token) => isSymbol(token, ";"));
}
