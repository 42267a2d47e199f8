// The documents of docs/ and the READMEs of packages on the site: their titles, their places, and where their links lead.
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { MinimalSourceFile, normalizePath } from "typedoc";

/** The first heading of a document, without marks of code. */
export function titleOf(text) {
  return /^# (.+)$/m.exec(text)?.[1].replaceAll("`", "");
}

/** A document without its first heading, for pages that have a title of their own. */
export function withoutTitle(text) {
  return text.replace(/^# .+\n+/, "");
}

/** Text and name of a file as TypeDoc's parser of comments wants it. */
export function sourceOf(path, text = readFileSync(path, "utf8")) {
  return new MinimalSourceFile(text, normalizePath(path));
}

/** A link whose text is the name of a file, as it reads well beside the files. */
const NAMED_BY_FILE = /\[(?:[\w.-]+\/)*[\w-]+\.md\]\($/;

/** A heading that has not ended yet. */
const IN_HEADING = /(?:^|\n)#{1,6} [^\n]*$/;

/**
 * Parts of a text as the site shows them. Links to files of the repository lead to the repository on the web, unless the site has a page for them, whose title
 * stands for the name of the file then. Pictures stay: they are copied into the site.
 *
 * @param parts as TypeDoc's parser of comments gives them
 * @param files the registry of the project
 * @param site where a page is: `root` the repository, `repository` its address on the web, `revision` a branch or tag, `project`
 */
export function shownParts(parts, files, { root, repository, revision, project }) {
  const shown = [];
  for (const part of parts) {
    if (part.kind === "code") shown.push(shownCode(part, shown.at(-1)));
    else if (part.kind !== "relative-link" || part.target === undefined) shown.push(part);
    else {
      const to = files.resolve(part.target, project);
      const before = shown.at(-1);
      if (typeof to === "object" && part.targetAnchor === undefined && before?.kind === "text")
        shown[shown.length - 1] = { ...before, text: before.text.replace(NAMED_BY_FILE, `[${to.name}](`) };
      if (typeof to !== "string" || /\.(?:png|svg|jpg)$/.test(to)) shown.push(part);
      else {
        const view = statSync(to).isDirectory() ? "tree" : "blob";
        const path = relative(root, to).split(sep).join("/");
        const anchor = part.targetAnchor === undefined ? "" : `#${part.targetAnchor}`;
        shown.push({ kind: "text", text: `${repository}/${view}/${revision}/${path}${anchor}` });
      }
    }
  }
  return shown;
}

/** Code of a heading as words of it, which its anchor and the list of headings would lack; a block without a language as text, and not as TypeScript. */
function shownCode(part, before) {
  if (before?.kind === "text" && IN_HEADING.test(before.text))
    return { kind: "text", text: part.text.replaceAll("`", "") };
  return { ...part, text: part.text.replace(/^(`{3,})\n/, "$1text\n") };
}

/** The name of a document: that of its file, or of its package where it is a README. */
export function nameOf(path) {
  const name = basename(path, ".md");
  return name === "README" ? basename(dirname(path)) : name;
}

/** The documents of docs/, as paths. */
export function documentsIn(root, names) {
  return names.map((name) => join(root, "docs", `${name}.md`));
}
