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

/**
 * Parts of a text as the site shows them: links to files of the repository lead to the repository on the web, unless the site has a page for them.
 * Pictures stay: they are copied into the site.
 *
 * @param parts as TypeDoc's parser of comments gives them
 * @param files the registry of the project
 * @param site where a page is: `root` the repository, `repository` its address on the web, `revision` a branch or tag, `project`
 */
export function shownParts(parts, files, { root, repository, revision, project }) {
  return parts.map((part) => {
    // Without a language it would be coloured as TypeScript.
    if (part.kind === "code") return { ...part, text: part.text.replace(/^(`{3,})\n/, "$1text\n") };
    if (part.kind !== "relative-link" || part.target === undefined) return part;
    const to = files.resolve(part.target, project);
    if (typeof to !== "string" || /\.(?:png|svg|jpg)$/.test(to)) return part;
    const view = statSync(to).isDirectory() ? "tree" : "blob";
    const path = relative(root, to).split(sep).join("/");
    const anchor = part.targetAnchor === undefined ? "" : `#${part.targetAnchor}`;
    return { kind: "text", text: `${repository}/${view}/${revision}/${path}${anchor}` };
  });
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
