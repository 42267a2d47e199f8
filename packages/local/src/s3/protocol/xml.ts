/**
 * The small part of XML that S3 speaks: elements, text, five entities and character references; attributes are
 * skipped on the way in (only namespaces and `xsi:type` occur) and the namespace is written on the way out.
 */

/** One parsed element: its name without prefix, its own text and its child elements. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** A document that is not well-formed; the server answers `MalformedXML`. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

/** Text that is already XML, so that `element` does not escape it twice. */
export interface XmlFragment {
  readonly xml: string;
}

/** The deepest nesting that is read; S3's own documents stay under six. */
const MAX_DEPTH = 32;

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Escapes text for an element's content; characters XML 1.0 cannot hold become character references, as S3 does. */
function escapeXml(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what has to be written as references
  return text.replace(/[&<>"\u0000-\u001F\u007F]/g, (character) => {
    switch (character) {
      case "&":
        return "&amp;";
      case "<":
        return "&lt;";
      case ">":
        return "&gt;";
      case '"':
        return "&quot;";
      case "\n":
        return "\n";
      case "\t":
        return "\t";
      default:
        return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
    }
  });
}

/** One element with text, or with child elements. */
export function element(
  name: string,
  content: string | number | boolean | readonly XmlFragment[],
): XmlFragment {
  const inner =
    typeof content === "object" ? content.map((child) => child.xml).join("") : escapeXml(String(content));
  return { xml: `<${name}>${inner}</${name}>` };
}

/** An element when there is a value, nothing otherwise; for spreading into a list of children. */
export function optionalElement(name: string, content: string | number | boolean | undefined): XmlFragment[] {
  return content === undefined ? [] : [element(name, content)];
}

/** A whole document. A namespace goes on the root when `S3_NAMESPACE` is wanted by strict clients. */
export function document(root: XmlFragment, namespace = ""): string {
  const xml = namespace === "" ? root.xml : root.xml.replace(/^<([^>]+)>/, `<$1 xmlns="${namespace}">`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;
}

/** The namespace of S3's documents, except errors which carry none. */
export const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** The first child with this name. */
export function childOf(parent: XmlElement, name: string): XmlElement | undefined {
  return parent.children.find((child) => child.name === name);
}

/** The text of the first child with this name. */
export function textOf(parent: XmlElement, name: string): string | undefined {
  return childOf(parent, name)?.text;
}

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

// One token: comment, declaration, CDATA, tag or text. Every alternative is linear: none nests a quantifier.
const TOKEN =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/!?]+)((?:"[^"]*"|'[^']*'|[^<>"'/]|\/(?!>))*)(\/?)>|([^<]+)/gy;

/**
 * Reads one document.
 *
 * @throws {XmlError} when it is not well-formed, nests too deep or declares a document type (entities of one's own
 * are never expanded).
 */
export function parseXml(source: string): XmlElement {
  const open: OpenElement[] = [{ name: "", text: "", children: [] }];
  TOKEN.lastIndex = 0;
  let position = 0;
  while (position < source.length) {
    const token = TOKEN.exec(source);
    if (token === null) throw new XmlError(`not XML at character ${position}`);
    position = TOKEN.lastIndex;
    const current = open.at(-1);
    if (current === undefined) throw new XmlError("closed more than was opened");
    const [, cdata, slash, name, , selfClosing, text] = token;
    if (cdata !== undefined) current.text += cdata;
    else if (text !== undefined) current.text += decodeEntities(text);
    else if (name !== undefined) applyTag(open, localName(name), slash === "/", selfClosing === "/");
  }
  const [top] = open;
  const root = top?.children[0];
  if (top === undefined || open.length !== 1 || root === undefined || top.children.length !== 1) {
    throw new XmlError("not exactly one complete root element");
  }
  if (top.text.replace("\uFEFF", "").trim() !== "") throw new XmlError("text outside the root element");
  return root;
}

function applyTag(open: OpenElement[], name: string, closing: boolean, selfClosing: boolean): void {
  if (!closing) {
    if (open.length > MAX_DEPTH) throw new XmlError("nested too deep");
    open.push({ name, text: "", children: [] });
    if (!selfClosing) return;
  }
  const done = open.pop();
  const parent = open.at(-1);
  if (done === undefined || parent === undefined || done.name !== name) {
    throw new XmlError(`</${name}> does not close what is open`);
  }
  parent.children.push(done);
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function decodeEntities(text: string): string {
  return text.replace(/&([^;&]{0,16});?/g, (whole, entity: string) => {
    if (!whole.endsWith(";")) throw new XmlError("a bare &");
    const named = Object.hasOwn(ENTITIES, entity) ? ENTITIES[entity] : undefined;
    if (named !== undefined) return named;
    const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(entity);
    const code =
      digits === null
        ? Number.NaN
        : Number.parseInt(digits[1] ?? digits[2] ?? "", digits[1] === undefined ? 10 : 16);
    if (!(code <= 0x10ffff)) throw new XmlError(`unknown entity &${entity};`);
    return String.fromCodePoint(code);
  });
}
