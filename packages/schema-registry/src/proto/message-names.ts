import { invalidOption } from "@kinesis-connectors/core";
import { MAX_MESSAGE_DEPTH } from "../limits.js";

/** A message of a .proto file, and those in it, in the order of the file. */
interface Message {
  readonly name: string;
  readonly nested: Message[];
}

/** The messages of a .proto file by the numbers that registries give them. */
export interface MessageNames {
  /** By a path of indexes, each in the order of the file, as Confluent writes it. */
  readonly at: (path: readonly number[]) => string | undefined;
  /** By the place among the full names of all messages, sorted, as Glue writes it (`MessageIndexFinder` of schema-registry-serde 1.1.24). */
  readonly sorted: readonly string[];
}

/**
 * Finds the names of the messages in the text of a .proto file, and nothing else of it: what is in them is for the decoders to know. A map field counts as the
 * message of its entries, and a group as a message, as for protoc.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for what is no such text
 */
export function messageNames(definition: string): MessageNames {
  const tokens = tokensOf(definition);
  const file: Message = { name: "", nested: [] };
  new Scanner(tokens, file).readFile();
  const at = (path: readonly number[]): string | undefined => {
    let message: Message | undefined = file;
    for (const index of path) message = message?.nested[index];
    return message?.name;
  };
  const sorted: string[] = [];
  const collect = (messages: readonly Message[]): void => {
    for (const { name, nested } of messages) {
      sorted.push(name);
      collect(nested);
    }
  };
  collect(file.nested);
  // By UTF-16, as Java's String.compareTo does; names are ASCII.
  return { at, sorted: sorted.toSorted((a, b) => (a < b ? -1 : 1)) };
}

/** Comments and texts are passed over; names come with their dots. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[\w.]+|[^\s\w.]/g;

function tokensOf(definition: string): string[] {
  return (definition.match(TOKEN) ?? []).filter(
    (token) => !token.startsWith("//") && !token.startsWith("/*"),
  );
}

/** Statements that hold no message. */
const PASSED_OVER: ReadonlySet<string> = new Set([
  "syntax",
  "edition",
  "import",
  "option",
  "reserved",
  "extensions",
]);
const OPENING: ReadonlySet<string> = new Set(["{", "[", "(", "<"]);
const CLOSING: ReadonlySet<string> = new Set(["}", "]", ")", ">"]);

class Scanner {
  readonly #tokens: readonly string[];
  readonly #file: Message;
  #package = "";
  #at = 0;

  constructor(tokens: readonly string[], file: Message) {
    this.#tokens = tokens;
    this.#file = file;
  }

  readFile(): void {
    while (this.#at < this.#tokens.length) {
      if (this.#tokens[this.#at] === "package") {
        this.#package = this.#name(this.#at + 1);
        this.#endStatement();
      } else this.#readStatement(this.#file, 0);
    }
  }

  /** One statement of a file, a message, a oneof or a group. */
  #readStatement(parent: Message, depth: number): void {
    if (depth > MAX_MESSAGE_DEPTH) throw unreadable("has too many messages in each other");
    if (this.#isVisibility()) this.#at += 1;
    const first = this.#tokens[this.#at] as string;
    const opensBlock = this.#tokens[this.#at + 2] === "{";
    if (first === ";") this.#at += 1;
    else if (PASSED_OVER.has(first)) this.#endStatement();
    else if (first === "message" && opensBlock) {
      const message = this.#add(parent, this.#name(this.#at + 1));
      this.#at += 3;
      this.#readBlock(message, depth + 1);
    } else if (first === "oneof" && opensBlock) {
      this.#at += 3;
      this.#readBlock(parent, depth + 1);
    } else if (first === "extend" && opensBlock) {
      this.#at += 3;
      this.#readBlock(parent, depth + 1);
    } else if ((first === "enum" || first === "service") && opensBlock) this.#endStatement();
    else this.#readField(parent, depth);
  }

  /** Edition 2024 has a word before a message or an enum that says who may import it. Alone it may be the name of a type. */
  #isVisibility(): boolean {
    return (
      /^(?:export|local)$/.test(this.#tokens[this.#at] as string) &&
      /^(?:message|enum)$/.test(this.#tokens[this.#at + 1] ?? "") &&
      this.#tokens[this.#at + 3] === "{"
    );
  }

  #readBlock(message: Message, depth: number): void {
    while (this.#tokens[this.#at] !== "}") {
      if (this.#at >= this.#tokens.length) throw unreadable("ends in the middle of a message");
      this.#readStatement(message, depth);
    }
    this.#at += 1;
  }

  #readField(parent: Message, depth: number): void {
    if (this.#tokens[this.#at] === "map" && this.#tokens[this.#at + 1] === "<") {
      const closing = this.#tokens.indexOf(">", this.#at);
      this.#add(parent, entryName(this.#name(closing + 1)));
      this.#endStatement();
      return;
    }
    const hasLabel = /^(?:optional|required|repeated)$/.test(this.#tokens[this.#at] as string);
    const type = this.#at + (hasLabel ? 1 : 0);
    if (this.#tokens[type] === "group" && this.#tokens[type + 2] === "=") {
      const group = this.#add(parent, this.#name(type + 1));
      const opening = this.#tokens.indexOf("{", type);
      if (opening < 0) throw unreadable("ends in the middle of a group");
      this.#at = opening + 1;
      this.#readBlock(group, depth + 1);
      return;
    }
    this.#endStatement();
  }

  /** Goes past the semicolon, or past the block, that ends a statement. */
  #endStatement(): void {
    let depth = 0;
    for (; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at] as string;
      if (OPENING.has(token)) depth += 1;
      else if (CLOSING.has(token)) depth -= 1;
      if (depth < 0) throw unreadable("has a bracket too many");
      if (depth === 0 && (token === ";" || (token === "}" && this.#tokens[this.#at + 1] !== ";"))) {
        this.#at += 1;
        return;
      }
    }
    throw unreadable("ends in the middle of a statement");
  }

  #add(parent: Message, name: string): Message {
    const scope = parent === this.#file ? this.#package : parent.name;
    const message: Message = { name: scope === "" ? name : `${scope}.${name}`, nested: [] };
    parent.nested.push(message);
    return message;
  }

  #name(at: number): string {
    const name = this.#tokens[at];
    if (name === undefined || !/^[A-Za-z_][\w.]*$/.test(name)) throw unreadable("has a name that is none");
    return name;
  }
}

/** The message of a map's entries, as protoc names it: `total_cents` is TotalCentsEntry. */
function entryName(field: string): string {
  return `${field.replaceAll(/(?:^|_)([a-zA-Z0-9]?)/g, (_match, letter: string) => letter.toUpperCase())}Entry`;
}

function unreadable(what: string): Error {
  return invalidOption(`the text of the .proto file ${what}`);
}
