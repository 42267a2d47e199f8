/**
 * Every import of a text, with its line: static, of types, for its effect, exported again, dynamic, of a type in place, and a thread's. What a comment
 * shows as an example is none.
 */
export function importsOf(text) {
  const found = [
    // A statement begins its line; what a docstring shows as an example does not.
    ...text.matchAll(/^(?:import|export)\b(?:[^"'`;=]*?\bfrom)?\s*["']([^"'\n]+)["']/gm),
    ...outsideComments(text, /\b(?:import|require)\(\s*["'`]([^"'`\n]+)["'`]/g),
    // What a worker thread is started with.
    ...text.matchAll(/\bnew URL\(\s*["'](\.[^"'\n]+\.[cm]?js)["'],\s*import\.meta\.url/g),
  ];
  return found.map((match) => {
    const at = match.index + match[0].length;
    return { specifier: match[1], line: text.slice(0, at).split("\n").length };
  });
}

/** Those that begin in a line which is no comment; a line may have several. */
function outsideComments(text, pattern) {
  return [...text.matchAll(pattern)].filter(({ index }) => {
    const before = text.slice(text.lastIndexOf("\n", index - 1) + 1, index);
    return !/^[ \t]*(?:\*|\/\/|\/\*)/.test(before);
  });
}
