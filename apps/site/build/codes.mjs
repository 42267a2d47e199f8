// Codes of errors in docstrings lead to what is to be done about them.
import { join } from "node:path";
import { normalizePath } from "typedoc";

const CODE = /^`(KC_[A-Z0-9_]+)`$/;

/**
 * Lets every code that a docstring names lead to its place in docs/errors.md.
 *
 * @param known the codes that are there
 */
export function linkCodes(project, root, known) {
  const { target } = project.files.registerAbsolute(normalizePath(join(root, "docs", "errors.md")));
  const linked = (parts) =>
    parts.flatMap((part) => {
      const code = part.kind === "code" ? CODE.exec(part.text)?.[1] : undefined;
      if (code === undefined || !known.has(code)) return [part];
      const link = { kind: "relative-link", text: "errors.md", target, targetAnchor: code.toLowerCase() };
      return [{ kind: "text", text: `[${part.text}](` }, link, { kind: "text", text: ")" }];
    });
  for (const { comment } of Object.values(project.reflections)) {
    if (comment === undefined) continue;
    comment.summary = linked(comment.summary);
    for (const tag of comment.blockTags) tag.content = linked(tag.content);
  }
}
