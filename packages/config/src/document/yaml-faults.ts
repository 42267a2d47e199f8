/** What the parser's errors mean. Its own messages may quote the file, and with it a secret. */
const FAULTS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias cannot have a tag or an anchor",
  BAD_ALIAS: "an alias (*name) needs its anchor (&name) before it; put a text that starts with * in quotes",
  BAD_DIRECTIVE: "this line is no YAML directive",
  BAD_DQ_ESCAPE:
    "this is no escape of a text in double quotes; a backslash is written \\\\, or put the text in single quotes",
  BAD_INDENT:
    "the indentation does not fit that of the lines around it, or a bracket or brace before it is not closed",
  BAD_PROP_ORDER: "anchors and tags stand right before their value",
  BAD_SCALAR_START: "a text cannot start with this character: put it in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a key and its value on one line cannot be followed by another: and its value; put the text in quotes",
  BLOCK_IN_FLOW: "within { } and [ ] there are no blocks: write the value in { } or [ ] too",
  DUPLICATE_KEY: "this key is there twice: leave one of them",
  KEY_OVER_1024_CHARS: "a key has at most 1,024 characters",
  MISSING_CHAR:
    "something is missing here: a closing quote, bracket or brace, a comma, or the blank behind a colon",
  MULTILINE_IMPLICIT_KEY: "a key must be on one line: a closing quote or bracket may be missing",
  MULTIPLE_ANCHORS: "a value has one anchor at most",
  MULTIPLE_DOCS: "a file holds one connector: give each a file of its own",
  MULTIPLE_TAGS: "a value has one tag at most",
  NON_STRING_KEY: "keys are texts",
  TAB_AS_INDENT: "tabs cannot indent: use blanks",
  TAG_RESOLVE_FAILED: "this tag (!) means nothing here: put a text that starts with ! in quotes",
  UNEXPECTED_TOKEN:
    "this does not belong here: a bracket, a comma or a quote may be missing before it, or a ${NAME} within { } or [ ] needs quotes",
};

/** A sentence for an error of the parser, by its code. */
export function yamlFault(code: string): string {
  return FAULTS[code] ?? "this is not YAML";
}
