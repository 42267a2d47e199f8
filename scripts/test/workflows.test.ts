import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { signatureProblem } from "../check-signatures.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WORKFLOWS = join(ROOT, ".github/workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly steps: readonly Step[];
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** The rights to write that a job has, and why it cannot do without: nothing else may have any. */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  // The branch of the pull request with the next versions, and the pull request.
  "version.yml version": ["contents", "pull-requests"],
  // npm's trusted publishing.
  "release.yml publish": ["id-token"],
  // Attestations, and their signature.
  "release.yml sbom": ["attestations", "id-token"],
  // The release on GitHub.
  "release.yml announce": ["contents"],
  // GitHub Pages, which asks where the site comes from.
  "docs.yml deploy": ["id-token", "pages"],
  // What was found, in the tab of the repository.
  "codeql.yml analyze": ["security-events"],
  // And the publishing of the result.
  "scorecard.yml analyze": ["id-token", "security-events"],
};

const texts = new Map(
  readdirSync(WORKFLOWS).map((file) => [file, readFileSync(join(WORKFLOWS, file), "utf8")] as const),
);
const workflows = [...texts].map(([file, text]) => [file, parse(text) as Workflow] as const);
const jobs = workflows.flatMap(([file, { jobs: all }]) =>
  Object.entries(all).map(([name, job]) => [`${file} ${name}`, job] as const),
);
const steps = jobs.flatMap(([job, { steps: all }]) => all.map((step) => [job, step] as const));

describe("workflows", () => {
  it("are those that a change, a release and a look at security need", () => {
    expect([...texts.keys()].toSorted()).toEqual([
      "ci.yml",
      "codeql.yml",
      "docs.yml",
      "release.yml",
      "scorecard.yml",
      "version.yml",
    ]);
    expect(workflows.flatMap(([, { on }]) => Object.keys(on))).not.toContain("pull_request_target");
  });

  it("take every action by a commit, with its tag beside it", () => {
    const used = [...texts].flatMap(([file, text]) =>
      [...text.matchAll(/^.*\buses:.*$/gm)].map(([line]) => [file, line.trim()] as const),
    );
    expect(used.length).toBeGreaterThan(20);
    const loose = used.filter(
      ([, line]) => !/^(?:- )?uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line),
    );
    expect(loose).toEqual([]);
    const commits = new Map<string, Set<string>>();
    for (const [, line] of used) {
      const [, action = "", commit = ""] = /uses: ([\w.-]+\/[\w.-]+)[^@]*@(.*)/.exec(line) ?? [];
      commits.set(action, (commits.get(action) ?? new Set()).add(commit));
    }
    expect([...commits].filter(([, all]) => all.size !== 1)).toEqual([]);
  });

  it("give no job more rights than it needs, and none by default", () => {
    for (const [file, { permissions }] of workflows) expect([file, permissions]).toEqual([file, {}]);
    for (const [job, { permissions = {} }] of jobs) {
      const writes = Object.entries(permissions).filter(([, level]) => level === "write");
      expect([job, writes.map(([right]) => right).toSorted()]).toEqual([job, WRITES[job] ?? []]);
      const others = Object.entries(permissions).filter(([, level]) => level !== "write");
      expect([job, others.filter(([right, level]) => right !== "contents" || level !== "read")]).toEqual([
        job,
        [],
      ]);
    }
    expect(jobs.map(([job]) => job)).toEqual(expect.arrayContaining(Object.keys(WRITES)));
  });

  it("leave no token in the checkout, and know no secret", () => {
    const kept = steps.filter(
      ([, step]) =>
        step.uses?.startsWith("actions/checkout@") === true && step.with?.["persist-credentials"] !== false,
    );
    expect(kept.map(([job]) => job)).toEqual([]);
    for (const [file, text] of texts)
      expect([file, /\bsecrets\./.exec(text)?.[0]]).toEqual([file, undefined]);
  });

  it("publish from a job that a reviewer lets go on and that installs nothing", () => {
    const publish = new Map(jobs).get("release.yml publish");
    expect(publish?.environment).toBe("release");
    const commands = publish?.steps.flatMap(({ run }) => run ?? []) ?? [];
    expect(commands).toEqual([
      "cd packed && sha256sum --check SHA256SUMS",
      "node scripts/release/publish.mjs packed",
    ]);
    expect(publish?.steps.filter((step) => step.with?.["registry-url"] !== undefined)).toEqual([]);
  });

  it("leave the site as it is where a patch of an older major is released", () => {
    const { on } = new Map(workflows).get("docs.yml") ?? {};
    expect(on?.["push"]).toEqual({ tags: ["release-*", "!release-*.x"] });
  });

  it("take nothing out of a cache that others fill, where something is published", () => {
    const cached = steps.filter(
      ([job, step]) =>
        /^(?:release|docs)\.yml /.test(job) &&
        step.uses?.startsWith("actions/setup-node@") === true &&
        step.with?.["package-manager-cache"] !== false,
    );
    expect(cached.map(([job]) => job)).toEqual([]);
    expect(steps.filter(([, { uses }]) => uses?.startsWith("actions/cache") === true)).toEqual([]);
  });

  it("put nothing that others write into a command, and end by themselves", () => {
    for (const [job, { run = "" }] of steps) expect([job, run.includes("${{")]).toEqual([job, false]);
    for (const [job, { "timeout-minutes": minutes = Infinity }] of jobs)
      expect([job, minutes <= 90]).toEqual([job, true]);
  });

  it("run commands that are there", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const commands = steps
      .flatMap(([, { run: command, with: inputs }]) => [command, inputs?.["version"]])
      .filter((command) => typeof command === "string")
      .join("\n");
    const named = [...commands.matchAll(/npm run -s ([\w:-]+)/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const files = [...commands.matchAll(/(?:^|\s)(?:node )?((?:scripts\/|\.ci\/)[\w./-]+)/g)].map(
      ([, file = ""]) => file,
    );
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

describe("what GitHub is told of the repository", () => {
  it("updates dependencies once a week, in groups", () => {
    const { updates } = parse(readFileSync(join(ROOT, ".github/dependabot.yml"), "utf8")) as {
      readonly updates: readonly {
        readonly "package-ecosystem": string;
        readonly schedule: { readonly interval: string };
        readonly groups: Readonly<Record<string, unknown>>;
      }[];
    };
    expect(updates.map((one) => [one["package-ecosystem"], one.schedule.interval])).toEqual([
      ["npm", "weekly"],
      ["github-actions", "weekly"],
    ]);
    for (const { groups } of updates) expect(Object.keys(groups)).not.toEqual([]);
  });

  it("is content with signatures only where some were looked at", () => {
    expect(signatureProblem({ status: 0, output: "audited 763 packages\n" })).toBeUndefined();
    expect(signatureProblem({ status: 1, output: "audited 763 packages\n" })).toContain("missing or wrong");
    for (const output of [
      "",
      "audited 0 packages\n\nNo dependencies were installed from a registry with signing keys\n",
    ])
      expect(signatureProblem({ status: 0, output })).toContain("not a single signature was looked at");
  });

  it("asks of an issue what an answer needs, and sends weaknesses to a private place", () => {
    const folder = join(ROOT, ".github/ISSUE_TEMPLATE");
    const forms = readdirSync(folder).filter((file) => file !== "config.yml");
    expect(forms.toSorted()).toEqual(["bug.yml", "wish.yml"]);
    for (const file of forms) {
      const form = parse(readFileSync(join(folder, file), "utf8")) as {
        readonly body: readonly { readonly type: string; readonly id?: string }[];
      };
      const ids = form.body.filter(({ type }) => type !== "markdown").map(({ id }) => id);
      expect([file, ids.length, new Set(ids).size]).toEqual([file, ids.length, ids.length]);
      expect(ids).not.toContain(undefined);
    }
    const config = parse(readFileSync(join(folder, "config.yml"), "utf8")) as {
      readonly contact_links: readonly { readonly url: string }[];
    };
    const policy = readFileSync(join(ROOT, "SECURITY.md"), "utf8");
    expect(policy).toContain(config.contact_links[0]?.url);
  });

  it("names who is asked about every file", () => {
    const owners = readFileSync(join(ROOT, ".github/CODEOWNERS"), "utf8");
    expect(owners).toMatch(/^\* @[\w-]+\/[\w-]+$/m);
    expect(owners).toMatch(/^\/\.github\/ @/m);
  });
});
