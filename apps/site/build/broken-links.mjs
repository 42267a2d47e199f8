// Follows every link inside the built site: to a page, to a heading or a member on it, to a picture.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/**
 * What is wrong with the links of a folder of pages: one line for each that leads nowhere.
 *
 * @param folder the built site
 */
export function brokenLinks(folder) {
  const pages = new Map(htmlBelow(folder).map((path) => [path, pageOf(readFileSync(path, "utf8"))]));
  const broken = [];
  for (const [path, { links }] of pages)
    for (const link of links) {
      const problem = problemOf(path, link, pages);
      if (problem !== undefined)
        broken.push(`${relative(folder, path).split(sep).join("/")}: ${link} ${problem}`);
    }
  return {
    pages: pages.size,
    links: [...pages.values()].reduce((sum, page) => sum + page.links.size, 0),
    broken,
  };
}

function problemOf(path, link, pages) {
  const [file, anchor] = link.split("#").map(decoded);
  const to = file === "" ? path : resolve(dirname(path), file ?? "");
  const target = existsSync(to) && statSync(to).isDirectory() ? join(to, "index.html") : to;
  if (!existsSync(target)) return "leads to no file";
  if (anchor === undefined || anchor === "") return undefined;
  const page = pages.get(target);
  return page === undefined || page.anchors.has(anchor) ? undefined : "leads to no place on that page";
}

/** As it is where it is no address at all: it leads to nothing then. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The links and places of a page. Scripts are none of it. */
function pageOf(html) {
  const text = html.replaceAll(/<script\b[^>]*>[\s\S]*?<\/script>/g, "");
  const values = (pattern) => new Set([...text.matchAll(pattern)].map(([, value]) => unescaped(value)));
  const links = values(/\s(?:href|src)="([^"]*)"/g);
  for (const link of links) if (/^(?:[a-z][a-z+.-]*:|\/\/)/i.test(link)) links.delete(link);
  return { links, anchors: values(/\s(?:id|name)="([^"]*)"/g) };
}

function unescaped(value) {
  return value
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

function htmlBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".html"))
    .map((name) => join(folder, name));
}
