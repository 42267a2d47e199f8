/** The variables that a file may name. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What became of a text with variables. */
export interface Substituted {
  readonly text: string;
  /** Whether the text was one variable and nothing else. */
  readonly isWhole: boolean;
  /** What is wrong with it. */
  readonly fault: string | undefined;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;

/**
 * Puts variables into a text: `${NAME}`, `${NAME:-default}` for one that is unset or empty, and `$${` for a literal `${`. Undefined for a text without any.
 * What is put in is not looked at again.
 */
export function substitute(text: string, env: Env): Substituted | undefined {
  if (!text.includes("${")) return undefined;
  let fault: string | undefined;
  const result = text.replaceAll(REFERENCE, (reference, body: string | undefined) => {
    if (reference === "$${") return "${";
    if (body === undefined || !reference.endsWith("}")) {
      fault ??= "has a ${ without its }: write $${ where no variable is meant";
      return reference;
    }
    const separator = body.indexOf(":-");
    const name = separator === -1 ? body : body.slice(0, separator);
    if (!NAME.test(name)) {
      fault ??=
        "has a ${...} that names no variable: write ${NAME} or ${NAME:-default}, and $${ where no variable is meant";
      return reference;
    }
    const value = variableOf(env, name);
    if (separator !== -1) return value === undefined || value === "" ? body.slice(separator + 2) : value;
    if (value === undefined)
      fault ??= `names the variable ${name}, which is not set: set it, or give a default, \${${name}:-...}`;
    return value ?? reference;
  });
  return { text: result, isWhole: /^\$\{[^}]*\}$/.test(text), fault };
}

/** The value of a variable; undefined for none. What every object inherits is no variable. */
export function variableOf(env: Env, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}
