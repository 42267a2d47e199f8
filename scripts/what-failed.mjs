const LINES = 12;

/**
 * What failed, a few lines each, for the end of a log of thousands of lines: of a test its file, its name and the start of its message;
 * of a file that could not be loaded, why. `results` are the files of vitest's JSON report, `root` is cut off their names.
 */
export function whatFailed(results, root) {
  const lines = [];
  for (const file of results) {
    if (file.status !== "failed") continue;
    const name = file.name.startsWith(root) ? file.name.slice(root.length) : file.name;
    const failed = file.assertionResults.filter((test) => test.status === "failed");
    for (const test of failed)
      lines.push(`failed: ${name} > ${test.fullName.trim()}`, ...start(test.failureMessages.join("\n")));
    if (failed.length === 0) lines.push(`failed: ${name}, outside of any test`, ...start(file.message ?? ""));
  }
  return lines;
}

const start = (message) =>
  message
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, LINES)
    .map((line) => `  ${line}`);
