// How a changeset becomes lines of a CHANGELOG.md: its words as they are, without hashes of commits; and one line for all that a package of ours needs newer.
module.exports = {
  getReleaseLine: async ({ summary }) => {
    const [head, ...more] = summary.trim().split("\n");
    return [`\n- ${head}`, ...more.map((line) => (line === "" ? "" : `  ${line}`))].join("\n");
  },
  getDependencyReleaseLine: async (_changesets, dependencies) =>
    dependencies.length === 0
      ? ""
      : `\n- Needs ${dependencies.map(({ name, newVersion }) => `\`${name}\` ${newVersion}`).join(", ")}.`,
};
