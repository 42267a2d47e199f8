import { notEmulated } from "./errors.js";

/** One word of a script. */
export interface Token {
  readonly kind: "name" | "text" | "number" | "sign";
  readonly text: string;
}

const TOKEN =
  /\s+|([A-Za-z_]\w*)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?)|(==|!=|<=|>=|&&|\|\||\+=|-=|[-+!<>=(){}[\].,;])/uy;

/** Takes a script apart; what Painless has beyond these signs is not emulated. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw notEmulated(`the script from character ${at} on`);
    const [, name, text, number, sign] = match;
    if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (text !== undefined)
      tokens.push({ kind: "text", text: text.slice(1, -1).replaceAll(/\\(.)/gu, "$1") });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
  }
  return tokens;
}
