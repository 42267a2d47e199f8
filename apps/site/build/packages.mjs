// The published packages, as their manifests say: what somebody can import from each, and where its source is.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** The condition of `exports` that leads to the sources. */
const SOURCE = "@kinesis-connectors/source";

/**
 * Every published package with its modules. A package without any is a command alone.
 *
 * @param root the repository
 */
export function publishedPackages(root) {
  return readdirSync(join(root, "packages"))
    .filter((folder) => existsSync(join(root, "packages", folder, "package.json")))
    .map((folder) => packageAt(root, folder))
    .filter(({ isPrivate }) => !isPrivate);
}

function packageAt(root, folder) {
  const at = join(root, "packages", folder);
  const manifest = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  const modules = Object.entries(manifest.exports ?? {})
    .filter(([, conditions]) => /\.tsx?$/.test(conditions[SOURCE] ?? ""))
    .map(([subpath, conditions]) => ({
      // What a program imports: `@kinesis-connectors/s3/objects`.
      name: posix.join(manifest.name, subpath),
      source: join(at, conditions[SOURCE]),
      isMain: subpath === ".",
    }));
  return {
    folder,
    name: manifest.name,
    version: manifest.version,
    isPrivate: manifest.private === true,
    readme: join(at, "README.md"),
    modules,
  };
}
