import { notEmulated, OpenSearchError } from "./errors.js";
import { type Token, tokensOf } from "./script-tokens.js";

/** What a script of an update sees and changes: `ctx._source` and `ctx.op`. */
export type ScriptContext = { op: string; _source: Record<string, unknown> };

type Scope = Readonly<Record<string, unknown>>;
type Evaluate = (scope: Scope) => unknown;
type Run = (scope: Scope) => void;

/** A place that can be read, and perhaps written. */
interface Expression {
  readonly value: Evaluate;
  readonly assign?: ((scope: Scope, value: unknown) => void) | undefined;
}

/**
 * The part of Painless that updates are guarded with: if and else, blocks, assignments to fields, comparisons, `&&`, `||`, `!`, `+`, `-`,
 * literals, and the methods `compareTo`, `containsKey` and `equals`. Everything else is refused by name.
 */
export function runScript(source: string, params: unknown, ctx: ScriptContext): void {
  let run = compiled.get(source);
  if (run === undefined) {
    run = new Parser(tokensOf(source)).script();
    compiled.set(source, run);
  }
  run({ ctx, params: params ?? {} });
}

const compiled = new Map<string, Run>();

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  script(): Run {
    const statements: Run[] = [];
    while (this.#at < this.#tokens.length) statements.push(this.#statement());
    return inOrder(statements);
  }

  #statement(): Run {
    if (this.#takeSign("{")) {
      const statements: Run[] = [];
      while (!this.#takeSign("}")) statements.push(this.#statement());
      return inOrder(statements);
    }
    if (this.#takeName("if")) {
      this.#needSign("(");
      const condition = this.#either();
      this.#needSign(")");
      const then = this.#statement();
      const otherwise = this.#takeName("else") ? this.#statement() : () => undefined;
      return (scope) => (condition.value(scope) === true ? then(scope) : otherwise(scope));
    }
    const target = this.#either();
    const sign = ["=", "+=", "-="].find((candidate) => this.#takeSign(candidate));
    if (sign === undefined || target.assign === undefined) throw this.#unexpected();
    const { value } = this.#either();
    const { assign } = target;
    if (this.#at < this.#tokens.length && this.#tokens[this.#at]?.text !== "}") this.#needSign(";");
    if (sign === "=") return (scope) => assign(scope, value(scope));
    const symbol = sign === "+=" ? "+" : "-";
    return (scope) => assign(scope, operate(symbol, target.value(scope), value(scope)));
  }

  #either(): Expression {
    return this.#binary(["||"], () => this.#binary(["&&"], () => this.#comparison()));
  }

  #comparison(): Expression {
    return this.#binary(["==", "!=", "<=", ">=", "<", ">"], () =>
      this.#binary(["+", "-"], () => this.#unary()),
    );
  }

  #binary(signs: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const sign = signs.find((candidate) => this.#takeSign(candidate));
      if (sign === undefined) return left;
      const one = left.value;
      const other = operand().value;
      left = {
        value:
          sign === "||"
            ? (scope) => one(scope) === true || other(scope) === true
            : sign === "&&"
              ? (scope) => one(scope) === true && other(scope) === true
              : (scope) => operate(sign, one(scope), other(scope)),
      };
    }
  }

  #unary(): Expression {
    if (this.#takeSign("!")) {
      const { value } = this.#unary();
      return { value: (scope) => value(scope) !== true };
    }
    return this.#postfix(this.#primary());
  }

  #primary(): Expression {
    if (this.#takeSign("(")) {
      const inner = this.#either();
      this.#needSign(")");
      return { value: inner.value };
    }
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === "sign") throw this.#unexpected();
    this.#at += 1;
    if (token.kind === "text") return { value: () => token.text };
    if (token.kind === "number") return { value: () => Number(token.text) };
    const literals: Readonly<Record<string, unknown>> = { null: null, true: true, false: false };
    if (Object.hasOwn(literals, token.text)) return { value: () => literals[token.text] };
    if (token.text !== "ctx" && token.text !== "params") throw this.#unexpected();
    return { value: (scope) => scope[token.text] };
  }

  #postfix(start: Expression): Expression {
    let expression = start;
    for (;;) {
      const owner = expression.value;
      if (this.#takeSign("[")) {
        const name = this.#either().value;
        this.#needSign("]");
        expression = member(owner, (scope) => String(name(scope)));
      } else if (this.#takeSign(".")) {
        const token = this.#tokens[this.#at];
        if (token?.kind !== "name") throw this.#unexpected();
        this.#at += 1;
        if (this.#takeSign("(")) {
          const argument = this.#either().value;
          this.#needSign(")");
          expression = { value: (scope) => call(token.text, owner(scope), argument(scope)) };
        } else expression = member(owner, () => token.text);
      } else return expression;
    }
  }

  #takeSign(text: string): boolean {
    return this.#take("sign", text);
  }

  #takeName(text: string): boolean {
    return this.#take("name", text);
  }

  #take(kind: Token["kind"], text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #needSign(text: string): void {
    if (!this.#takeSign(text)) throw this.#unexpected();
  }

  #unexpected(): OpenSearchError {
    return notEmulated(`the script at ${this.#tokens[this.#at]?.text ?? "its end"}`);
  }
}

function inOrder(statements: readonly Run[]): Run {
  return (scope) => {
    for (const statement of statements) statement(scope);
  };
}

function member(owner: Evaluate, nameOf: (scope: Scope) => string): Expression {
  const mapOf = (scope: Scope): Record<string, unknown> => {
    const map = owner(scope);
    if (typeof map !== "object" || map === null) throw scriptError("null_pointer_exception");
    return map as Record<string, unknown>;
  };
  return {
    value: (scope) => {
      const map = mapOf(scope);
      const name = nameOf(scope);
      return Object.hasOwn(map, name) ? map[name] : null;
    },
    assign: (scope, value) => {
      // Defined and not assigned: a field named __proto__ is a field like any other.
      Object.defineProperty(mapOf(scope), nameOf(scope), {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  };
}

function call(method: string, owner: unknown, argument: unknown): unknown {
  if (owner === null) throw scriptError("null_pointer_exception");
  if (method === "equals") return owner === argument;
  if (method === "containsKey" && typeof owner === "object")
    return Object.hasOwn(owner ?? {}, String(argument));
  if (method === "compareTo" && typeof owner === typeof argument && typeof owner === "string")
    return owner < (argument as string) ? -1 : owner === argument ? 0 : 1;
  throw method === "compareTo"
    ? scriptError("class_cast_exception")
    : notEmulated(`the method ${method} of scripts`);
}

function operate(sign: string, one: unknown, other: unknown): unknown {
  if (sign === "==") return one === other;
  if (sign === "!=") return one !== other;
  if (sign === "+" && (typeof one === "string" || typeof other === "string"))
    return `${String(one)}${String(other)}`;
  if (typeof one !== "number" || typeof other !== "number") throw scriptError("class_cast_exception");
  switch (sign) {
    case "+":
      return one + other;
    case "-":
      return one - other;
    case "<":
      return one < other;
    case "<=":
      return one <= other;
    case ">":
      return one > other;
    default:
      return one >= other;
  }
}

/** What a script that fails while it runs is answered with. */
function scriptError(cause: string): OpenSearchError {
  return new OpenSearchError("illegal_argument_exception", "failed to execute script", 400, {
    type: "script_exception",
    reason: "runtime error",
    caused_by: { type: cause, reason: "[local] in the script" },
  });
}
