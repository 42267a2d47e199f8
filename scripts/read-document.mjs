// Takes a Markdown file apart: what is prose, what is code, and what a comment says about the code behind it.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A document as lines of prose (code is empty there), its headings' anchors, its TypeScript blocks, and what is wrong with it so far. */
export function readDocument(root, path) {
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  const prose = [];
  const anchors = new Set();
  const blocks = [];
  const quoted = []; // blocks that show a file of the repository
  let open; // the block that has not ended yet
  let comment; // the HTML comment that has not ended yet, or was the last thing before a block
  for (const [index, line] of lines.entries()) {
    const fence = /^\s*(`{3,})(\w*)/.exec(line);
    if (open !== undefined) {
      if (fence?.[1] === open.fence && fence[2] === "") {
        if (open.language === "ts") blocks.push(open);
        const file = /^[\w./-]+\/[\w.-]+\.ya?ml$/.exec(open.comment?.text ?? "")?.[0];
        if (file !== undefined)
          quoted.push({ first: open.first, file, text: open.lines.map(({ text }) => text).join("\n") });
        open = undefined;
      } else open.lines.push({ index, text: line });
      prose.push("");
    } else if (fence) {
      open = { fence: fence[1], language: fence[2], first: index + 1, lines: [], comment };
      comment = undefined;
      prose.push("");
    } else if (comment !== undefined && !comment.isClosed) {
      comment.isClosed = line.includes("-->");
      if (!comment.isClosed) comment.lines.push({ index, text: line });
      prose.push("");
    } else if (line.startsWith("<!--")) {
      comment = { text: line.replaceAll(/<!--|-->/g, "").trim(), lines: [], isClosed: line.includes("-->") };
      prose.push("");
    } else {
      if (line.trim() !== "") comment = undefined;
      prose.push(line);
      const heading = /^#{1,6} (.+)$/.exec(line)?.[1];
      if (heading !== undefined) anchors.add(anchorOf(heading, anchors));
    }
  }
  const problems = open === undefined ? [] : [`${path}:${open.first}: a code block that is never closed`];
  return { path, prose, anchors, blocks, quoted, problems };
}

/** How GitHub makes an anchor of a heading; the second one of a name gets -1. */
function anchorOf(heading, taken) {
  const slug = heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
  let anchor = slug;
  for (let copy = 1; taken.has(anchor); copy += 1) anchor = `${slug}-${copy}`;
  return anchor;
}
