// Packs every public package of the workspace at once: one start of pnpm instead of one for each.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { whileJoined } from "./join-modules.mjs";
import { withAbsoluteLinks } from "./release/readme-links.mjs";
import { rewriteEntry } from "./release/tarball-entry.mjs";

/**
 * The tarballs of all public packages, as a registry would have them: also with links in their READMEs that lead somewhere from there.
 * @param {string} root of the workspace
 * @param {string} to a folder, made where it is not there
 * @returns {Map<string, { readonly folder: string, readonly tarball: string }>} by the package's name: its folder under packages/, and the file
 */
export function packAll(root, to) {
  mkdirSync(to, { recursive: true });
  const packages = readdirSync(join(root, "packages"))
    .filter((folder) => existsSync(join(root, "packages", folder, "package.json")))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8")),
    }))
    .filter(({ manifest }) => manifest.private !== true);
  const filters = packages.flatMap(({ manifest }) => ["--filter", manifest.name]);
  whileJoined(root, () =>
    execFileSync("npx", ["-y", "pnpm@12.21.0", "-r", ...filters, "pack", "--pack-destination", to], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  const revision = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  return new Map(
    packages.map(({ folder, manifest }) => {
      const { name, version } = manifest;
      const tarball = join(to, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
      if (!existsSync(tarball)) throw new Error(`${name} was not packed into ${tarball}`);
      rewriteEntry(tarball, "package/README.md", (text) =>
        withAbsoluteLinks(text, { root, manifest, revision }),
      );
      return [name, { folder, tarball }];
    }),
  );
}
