// What `deploy/` holds, as data.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseAllDocuments } from "yaml";

/** Files below a folder of `deploy/`, from the root, by their ending. */
export function filesOf(root, folder, ending) {
  const below = join(root, "deploy", folder);
  return readdirSync(below, { recursive: true })
    .map((name) =>
      relative(root, join(below, String(name)))
        .split(sep)
        .join("/"),
    )
    .filter((name) => name.endsWith(ending))
    .toSorted();
}

/** The documents of a YAML file. Throws with line and column where it is none, or has a key twice. */
export function readYaml(root, file) {
  return parseAllDocuments(readFileSync(join(root, file), "utf8"), { uniqueKeys: true, strict: true }).map(
    (document) => {
      const [error] = [...document.errors, ...document.warnings];
      if (error !== undefined) throw new Error(`${file}: ${error.message}`);
      return document.toJS();
    },
  );
}

/** Everything that goes to Kubernetes: each object with its file. */
export function manifests(root) {
  return filesOf(root, "kubernetes", ".yaml")
    .filter((file) => !/(kustomization|pipeline)\.yaml$/.test(file))
    .flatMap((file) => readYaml(root, file).map((object) => ({ file, object })));
}

export function readJson(root, file) {
  return JSON.parse(readFileSync(join(root, file), "utf8"));
}
