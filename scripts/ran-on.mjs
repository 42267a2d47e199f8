// Counts what ran on which server: suites say it by their names (`describeOn` of servers/).
const ON = /^on ((?:PostgreSQL|PGlite|MariaDB|MySQL|Redis|Valkey)\b.*)$/;
const NEEDS = /^needs (.+) \(npm run test:servers\)$/;

/**
 * The lines to be printed before the count of all tests; none when no test wants a server.
 *
 * @param {readonly { assertionResults: readonly { status: string, ancestorTitles: readonly string[] }[] }[]} files the files of a report by vitest
 * @returns {readonly string[]}
 */
export function ranOn(files) {
  const ran = new Map();
  const missing = new Map();
  for (const { assertionResults } of files)
    for (const { status, ancestorTitles } of assertionResults)
      for (const title of ancestorTitles) {
        const [, server] = ON.exec(title) ?? [];
        const [, wanted] = NEEDS.exec(title) ?? [];
        if (server !== undefined && status !== "pending" && status !== "skipped") add(ran, server);
        if (wanted !== undefined) add(missing, wanted);
      }
  return [
    ...(ran.size === 0 ? [] : [`ran on: ${shown(ran)}`]),
    ...(missing.size === 0
      ? []
      : [`NOT RUN for want of a server: ${shown(missing)}; npm run test:servers installs and runs them`]),
  ];
}

function add(counts, name) {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function shown(counts) {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
}
