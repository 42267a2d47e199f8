import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allCommands } from "../../src/app/routes.js";
import { put, until } from "../support/fleet.js";
import { child, childOf, kc } from "../support/kc.js";
import { requireSchema } from "../support/schemas.js";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

const run = (...words: readonly string[]) =>
  spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8", env: { PATH: process.env["PATH"] } });

describe("the command", () => {
  it("has help for every command", async () => {
    const commands = await allCommands();
    expect(commands.length).toBeGreaterThan(9);
    for (const { words } of commands) {
      const { code, stdout, stderr } = await kc([...words, "--help"]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`kinesis-connectors ${words.join(" ")}`);
    }
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const { words } of commands) expect(stdout).toContain(words[0]);
  });

  it("says in its usage what may stand behind a command", () => {
    expect(run("pause", "--help").stdout).toContain("\n  kinesis-connectors pause [APP]\n");
    expect(run("checkpoint", "reset", "--help").stdout).toMatch(
      /^ {2}kinesis-connectors checkpoint reset \(--to \w+\) \[APP\]$/m,
    );
  });

  // Processor time, which is what this is for, differs from machine to machine: 150 KB of sources take some 40 ms above Node alone.
  it("is there, with its help, at once: it reads 150 KB, of one package, and no command but its own", () => {
    const folder = mkdtempSync(join(tmpdir(), "kc-coverage-"));
    try {
      const env = { PATH: process.env["PATH"], NODE_V8_COVERAGE: folder };
      expect(spawnSync(process.execPath, [MAIN, "--help"], { env }).status).toBe(0);
      const [report = ""] = readdirSync(folder);
      const { result } = JSON.parse(readFileSync(join(folder, report), "utf8")) as {
        readonly result: readonly { readonly url: string }[];
      };
      const files = result.filter(({ url }) => url.startsWith("file:")).map(({ url }) => fileURLToPath(url));
      expect(files.filter((file) => file.startsWith(dirname(MAIN))).length).toBeGreaterThan(5);
      const packages = files.flatMap(
        (file) => /node_modules\/(?!\.pnpm)((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
      );
      expect([...new Set(packages)]).toEqual(["@stricli/core"]);
      expect(files.filter((file) => file.includes("/dist/commands/")).map((file) => basename(file))).toEqual([
        "complete.js",
      ]);
      expect(files.reduce((bytes, file) => bytes + statSync(file).size, 0)).toBeLessThan(150_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prints errors as JSON however --json is written, and tells a flag from a command", () => {
    for (const words of [
      ["statu", "--json"],
      ["status", "a/b", "--json=true"],
      ["--json", "status"],
      ["peek", "x", "--json"],
    ]) {
      const { status, stderr } = run(...words);
      expect([words, status]).toEqual([words, 2]);
      requireSchema("error", JSON.parse(stderr));
    }
    expect(run("--json", "status").stderr).toContain("the command comes first");
    // Behind -- it is a name.
    expect(run("status", "--", "--json").stderr).toMatch(/^kinesis-connectors: /);
  });

  it("says the nearest word for a command or flag that there is none of: exit 2", () => {
    const command = run("statu");
    expect([command.status, command.stderr]).toEqual([
      2,
      "kinesis-connectors: there is no command statu: did you mean status?\n",
    ]);
    const flag = run("status", "--utx");
    expect([flag.status, flag.stderr]).toEqual([2, expect.stringContaining("did you mean --utc?")]);
    // As help writes it, and not as the code does.
    const long = run("validate", "--envfile", "local.env", "pipeline.yaml");
    expect([long.status, long.stderr]).toEqual([2, expect.stringContaining("did you mean --env-file?")]);
    const json = run("statu", "--json");
    expect(json.status).toBe(2);
    const error: unknown = JSON.parse(json.stderr);
    requireSchema("error", error);
    expect(error).toMatchObject({ error: { code: "KC_USAGE" } });
    expect(run("tail", "a", "--limit", "x").stderr).toContain("give a whole number from 1");
    expect(run("tail", "a", "--from", "2026-11-29T03:00").stderr).toContain("with its zone");
  });

  it("prints its version", () => {
    const { status, stdout } = run("--version");
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
    const json: unknown = JSON.parse(run("version", "--json").stdout);
    requireSchema("version", json);
  });

  it("completes words in bash, under both of its names", () => {
    const folder = mkdtempSync(join(tmpdir(), "kc-bash-"));
    try {
      for (const name of ["kc", "kinesis-connectors"]) {
        writeFileSync(join(folder, name), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, {
          mode: 0o755,
        });
        const script = [
          `source <("${process.execPath}" "${MAIN}" completions bash)`,
          `COMP_WORDS=(${name} che); COMP_CWORD=1`,
          "_kinesis_connectors",
          'printf "%s\\n" "${COMPREPLY[@]}"',
          `COMP_WORDS=(${name} tail orders --fr); COMP_CWORD=3`,
          "_kinesis_connectors",
          'printf "%s\\n" "${COMPREPLY[@]}"',
          `complete -p ${name}`,
        ].join("\n");
        const { stdout, stderr } = spawnSync("bash", ["--noprofile", "--norc", "-c", script], {
          encoding: "utf8",
          env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
        });
        expect(stderr).toBe("");
        expect(stdout.split("\n").slice(0, 3)).toEqual([
          "checkpoint",
          "--from",
          `complete -o default -F _kinesis_connectors ${name}`,
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("prints scripts for zsh and fish too, and refuses other shells", () => {
    expect(run("completions", "zsh").stdout).toContain("compdef _kinesis_connectors kinesis-connectors kc");
    expect(run("completions", "fish").stdout).toContain("complete -c kc");
    expect(run("completions", "tcsh").status).toBe(2);
  });
});

describe("the command, as a process", () => {
  let aws: LocalAws;

  beforeAll(async () => {
    aws = await startLocalAws();
    aws.kinesis.createStream({ name: "clicks", shardCount: 1 });
  });

  afterAll(async () => {
    await aws.close();
  });

  it("ends a tail by Ctrl-C with 130, and says nothing more", async () => {
    const tail = child(MAIN, ["tail", "clicks"], aws.env);
    await until(() => aws.journal.entries({ operation: "GetRecords" }).length > 0);
    put(aws, "clicks", 1);
    await until(() => tail.stdout().includes("key-0"));
    tail.kill("SIGINT");
    const { code, stderr } = await tail.done;
    expect(code).toBe(130);
    expect(stderr.split("\n").filter((line) => line.startsWith("kinesis-connectors"))).toEqual([]);
  });

  it("ends by Ctrl-C while nobody answers it", async () => {
    const silent = createServer();
    const asked = new Promise<Socket>((resolve) => void silent.once("connection", resolve));
    await new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const env = { ...aws.env, AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` };
    const status = child(MAIN, ["status", "app"], env);
    const socket = await asked;
    status.kill("SIGINT");
    // By itself it would wait 30 s for an answer, and repeat that.
    expect(await status.done).toEqual({ code: 130, stdout: "", stderr: "" });
    socket.destroy();
    silent.close();
  });

  it("ends quietly when its reader goes", async () => {
    put(aws, "clicks", 500);
    const command = `set -o pipefail; "${process.execPath}" "${MAIN}" tail clicks --from horizon | head -n 1`;
    const { stdout, stderr, code } = await childOf("bash", ["-c", command], aws.env).done;
    expect([code, stdout.split("\n").length]).toEqual([0, 2]);
    expect(stderr).not.toContain("EPIPE");
  });

  it("looks at what is here: doctor", async () => {
    const { code, stdout } = await child(MAIN, ["doctor", "--json"], aws.env).done;
    expect(code).toBe(0);
    const report: unknown = JSON.parse(stdout);
    requireSchema("doctor", report);
    expect(report).toMatchObject({
      findings: expect.arrayContaining([
        { what: "region", state: "ok", found: "eu-central-1" },
        { what: "clock", state: "ok", found: "within 5 s of AWS" },
        { what: "dynamodb", state: "ok", found: "answers" },
      ]) as unknown,
    });
    const missing = await child(MAIN, ["doctor", "no-such-app"], aws.env).done;
    expect([missing.code, missing.stdout]).toEqual([
      1,
      expect.stringContaining("there is no table no-such-app"),
    ]);
    const nobody = {
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
    const nowhere = await child(MAIN, ["doctor"], nobody).done;
    expect([nowhere.code, nowhere.stdout]).toEqual([1, expect.stringMatching(/identity +wrong/)]);
  });

  it("shows the plan of a stream or table first, and makes it on request", async () => {
    const words = ["create", "stream", "new", "--shards", "2", "--tag", "team=data"];
    const plan = await child(MAIN, words, aws.env).done;
    expect([plan.code, plan.stdout]).toEqual([
      0,
      [
        "would create the stream new, with 2 shards",
        "would encrypt its records by the key alias/aws/kinesis",
        "would tag it team=data",
        "nothing has been changed (add --execute)",
        "",
      ].join("\n"),
    ]);
    expect(aws.journal.entries({ operation: "CreateStream" })).toEqual([]);
    const done = await child(MAIN, [...words, "--execute", "--json"], aws.env).done;
    expect([done.code, done.stderr]).toEqual([0, ""]);
    requireSchema("create-stream", JSON.parse(done.stdout));
    expect((await child(MAIN, words, aws.env).done).code).toBe(3);

    const table = ["create", "table", "orders", "--key", "id:S", "--json"];
    requireSchema("create-table", JSON.parse((await child(MAIN, table, aws.env).done).stdout));
    expect((await child(MAIN, [...table, "--execute"], aws.env).done).code).toBe(0);
    expect((await child(MAIN, table, aws.env).done).code).toBe(3);
    expect((await child(MAIN, ["create", "table", "orders"], aws.env).done).code).toBe(2);
  });
});
