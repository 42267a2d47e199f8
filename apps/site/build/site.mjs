// The site: a page for every public name of every published package, the READMEs, docs/, and a search over all of it. One program of TypeScript over the
// sources, so that nothing has to be built before, and a name that a package takes from another one leads to its page there.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as typedoc from "typedoc";
import ts from "typescript";
import { documentsIn, nameOf, shownParts, sourceOf, titleOf, withoutTitle } from "./documents.mjs";
import { SHELVES, shelfOf } from "./shelves.mjs";
import { declaredCodes } from "../pages/errors-page.mjs";
import { linkCodes } from "./codes.mjs";
import { isOption } from "./public-names.mjs";
import { SiteRouter } from "./site-router.mjs";
import { SiteTheme } from "./site-theme.mjs";

/** Where the sources are on the web; each page links the line that declares its name. */
const REPOSITORY = "https://github.com/kinesis-connectors/kinesis-connectors";

/** Tags of docstrings that are for the generator of schemas, and no text. */
const TAGS_OF_SCHEMAS = ["@part", "@writeOnly", "@minimum", "@maximum", "@asType"];

/**
 * An application of TypeDoc that knows everything but what it shall do.
 *
 * @param root the repository
 * @param out the folder that gets the pages
 * @param revision branch or tag on the web that the pages are of
 */
export async function siteApplication({ root, out, revision, packages }) {
  const here = join(root, "apps", "site", "build");
  const documents = [
    ...documentsIn(root, Object.values(SHELVES).flat()),
    ...packages.filter(({ modules }) => modules.length === 0).map(({ readme }) => readme),
  ];
  const app = await typedoc.Application.bootstrap({
    name: "kinesis-connectors",
    out,
    readme: "none",
    projectDocuments: documents,
    basePath: root,
    disableGit: true,
    gitRevision: revision,
    sourceLinkTemplate: `${REPOSITORY}/blob/{gitRevision}/{path}#L{line}`,
    router: "site",
    theme: "site",
    excludeInternal: true,
    excludeExternals: true,
    excludePrivate: true,
    // `npm run types` has done so.
    skipErrorChecking: true,
    // The checks of the project's own tell more, and over all packages.
    validation: { notExported: false, notDocumented: false, invalidLink: true, invalidPath: false },
    treatWarningsAsErrors: true,
    searchInDocuments: true,
    searchGroupBoosts: { Documents: 3, Functions: 1.5 },
    headings: { readme: false, document: false },
    includeHierarchySummary: false,
    hideGenerator: true,
    blockTags: [...typedoc.OptionDefaults.blockTags, ...TAGS_OF_SCHEMAS],
    notRenderedTags: [...typedoc.OptionDefaults.notRenderedTags, ...TAGS_OF_SCHEMAS],
    highlightLanguages: [
      ...typedoc.OptionDefaults.highlightLanguages,
      "docker",
      "go",
      "java",
      "properties",
      "python",
      "shell",
      "sql",
      "xml",
    ],
    navigation: { includeCategories: true, includeGroups: false, includeFolders: true },
    categorizeByGroup: false,
    categoryOrder: [...Object.keys(SHELVES), "Packages", "*"],
    sluggerConfiguration: { lowercase: true },
    visibilityFilters: {},
    customCss: join(here, "site.css"),
    customJs: join(here, "site.js"),
    favicon: join(here, "favicon.svg"),
    navigationLinks: { GitHub: REPOSITORY },
  });
  app.renderer.defineRouter("site", SiteRouter);
  app.renderer.defineTheme("site", SiteTheme);
  app.renderer.on(typedoc.IndexEvent.PREPARE_INDEX, optionsFirst);
  return app;
}

/** Lets a search find what is written before what is read under the same name: `failoverTimeMs` is an option, and a field of what several pages show. */
export function optionsFirst({ searchResults }) {
  for (const reflection of searchResults) if (isOption(reflection)) reflection.relevanceBoost = 2;
}

/**
 * Reads sources and documents into a project of TypeDoc.
 *
 * @param app of `siteApplication`
 * @param site `root` the repository, `revision` as there, `packages` those of `publishedPackages`
 */
export function convertedProject(app, { root, revision, packages }) {
  const modules = packages.flatMap((one) => one.modules);
  const program = ts.createProgram(
    modules.map(({ source }) => source),
    compilerOptions(root),
  );
  app.converter.on(typedoc.Converter.EVENT_RESOLVE_BEGIN, ({ project }) =>
    furnish(app, project, { root, revision, packages }),
  );
  return app.converter.convert(
    modules.map(({ name, source }) => ({
      displayName: name,
      program,
      sourceFile: program.getSourceFile(source),
    })),
  );
}

/** Those of the project, over the sources. */
function compilerOptions(root) {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return {
    ...options,
    customConditions: ["@kinesis-connectors/source"],
    noEmit: true,
    composite: false,
    skipLibCheck: true,
    jsx: ts.JsxEmit.ReactJSX,
  };
}

/** Puts documents and READMEs where they belong, and lets every link between them lead to a page. */
function furnish(app, project, { root, revision, packages }) {
  const parsed = (source) => app.converter.parseRawComment(source, project.files).content;
  const register = (path, reflection) =>
    project.files.registerReflectionPath(typedoc.normalizePath(path), reflection);

  project.readme = parsed(sourceOf(join(root, "README.md")));
  register(join(root, "README.md"), project);
  register(root, project);

  const modulesByName = new Map(project.children.map((module) => [module.name, module]));
  for (const one of packages) {
    const main = one.modules.find(({ isMain }) => isMain);
    for (const { name } of one.modules) put(modulesByName.get(name), "Packages");
    if (main === undefined) continue;
    const module = modulesByName.get(main.name);
    module.packageVersion = one.version;
    module.readme = parsed(sourceOf(one.readme, withoutTitle(readFileSync(one.readme, "utf8"))));
    register(one.readme, module);
    register(dirname(one.readme), module);
  }
  for (const document of project.documents) {
    const path = project.files.getReflectionPath(document);
    const name = nameOf(path);
    if (path.endsWith("/README.md")) register(dirname(path), document);
    document.name = titleOf(readFileSync(path, "utf8")) ?? name;
    document.frontmatter = { address: name, category: shelfOf(name) ?? "Packages" };
  }

  linkCodes(project, root, new Set(declaredCodes(root).map(({ code }) => code)));
  const site = { root, repository: REPOSITORY, revision, project };
  const led = (parts) => shownParts(parts, project.files, site);
  project.readme = led(project.readme);
  for (const module of project.children) if (module.readme !== undefined) module.readme = led(module.readme);
  for (const document of project.documents) document.content = led(document.content);
}

function put(module, category) {
  module.comment ??= new typedoc.Comment();
  module.comment.blockTags.push(new typedoc.CommentTag("@category", [{ kind: "text", text: category }]));
}
