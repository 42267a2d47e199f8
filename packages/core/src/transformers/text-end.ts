const BACKSLASH = 0x5c;

/** Where a text of a JSON document ends that begins at `start`: behind its closing quote, or with the document where it has none. */
export function textEnd(document: string, start: number): number {
  let quote = document.indexOf('"', start + 1);
  while (quote > 0 && isEscaped(document, quote)) quote = document.indexOf('"', quote + 1);
  return quote < 0 ? document.length : quote + 1;
}

/** A quote behind an odd number of backslashes is part of the text. */
function isEscaped(document: string, quote: number): boolean {
  let at = quote;
  while (document.charCodeAt(at - 1) === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}
