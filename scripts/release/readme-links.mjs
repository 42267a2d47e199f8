// Links of a README as npm's site needs them. It shows the README of a package away from its repository, and leads links within it to the root of that, whatever
// `repository.directory` says (npm/marky-markdown#449), and to what main has by then. So the README in a tarball links to the commit that it was packed of.
import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** Code, which stays as it is, also over the end of a line; or a link or a picture, whose words may have code in them. */
const CODE_OR_LINK =
  /^(`{3,})[^]*?^\1$|`(?:[^`\n]|\n(?!\n))*`|(?<bang>!?)\[(?<words>(?:`[^`]*`|[^\]`])*)\]\((?<target>[^)\s]+)\)/gm;

/** What leads elsewhere already: an address, or a heading of the README itself. */
const IS_ABSOLUTE = /^(?:[a-z][a-z+.-]*:|#)/i;

/**
 * A README whose links lead to its repository on GitHub.
 * @param {string} text
 * @param {{ readonly root: string, readonly manifest: Record<string, any>, readonly revision: string }} of the workspace, package.json of the package, and the commit
 * @returns {string}
 * @throws {Error} where a link leads to nothing in the workspace
 */
export function withAbsoluteLinks(text, { root, manifest, revision }) {
  const { url, directory } = manifest.repository;
  const repository = url.replace(/^git\+|\.git$/g, "");
  return text.replaceAll(CODE_OR_LINK, (whole, ...rest) => {
    const { bang, words, target } = rest.at(-1);
    if (target === undefined || IS_ABSOLUTE.test(target)) return whole;
    const [file, anchor] = target.split("#");
    const path = posix.normalize(posix.join(directory, file)).replace(/\/$/, "");
    if (!existsSync(join(root, path))) throw new Error(`README of ${manifest.name}: ${target} leads nowhere`);
    const kind = bang === "!" ? "raw" : statSync(join(root, path)).isDirectory() ? "tree" : "blob";
    const place = path === "." ? "" : `/${path}`;
    return `${bang}[${words}](${repository}/${kind}/${revision}${place}${anchor === undefined ? "" : `#${anchor}`})`;
  });
}

/**
 * Where a README leads by a path, and so to nowhere on npm's site.
 * @param {string} text
 * @returns {string[]}
 */
export function relativeLinks(text) {
  const prose = text.replaceAll(/^(`{3,})[^]*?^\1$/gm, "").replaceAll(/`(?:[^`\n]|\n(?!\n))*`/g, "`code`");
  return [...prose.matchAll(/\]\(([^)\s]+)|^\[[^\]]+\]:\s*(\S+)|\b(?:href|src)="([^"]*)"/gm)]
    .map(([, inline, defined, html]) => inline ?? defined ?? html)
    .filter((target) => !IS_ABSOLUTE.test(target));
}
