import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { stringifyJson } from "@kinesis-connectors/core";
import { pythonWithPackages } from "./install.js";
import { type AskedTable, type Filter, type Found, Missing, type Oracle, type Tell } from "./oracle.js";

const PROGRAM = fileURLToPath(new URL("../python/oracle.py", import.meta.url));

/** pyiceberg and DuckDB in one process of Python. */
export interface PythonSide extends AsyncDisposable {
  readonly oracles: readonly Oracle[];
  /** Lets pyiceberg write to a table of a catalog. */
  readonly foreign: (work: ForeignWork) => Promise<{ readonly snapshots: number }>;
}

/** What another writer does. */
export interface ForeignWork {
  readonly uri: string;
  readonly endpoint: string;
  readonly table: string;
  /** `rewrite` replaces all files by one, as a compaction does; `expire` removes all snapshots but the current one. */
  readonly what: "append" | "rewrite" | "expire";
  readonly rows?: readonly object[];
}

/** @throws Missing where Python or its packages cannot be had */
export async function startPython(say: (text: string) => void): Promise<PythonSide> {
  const python = await pythonWithPackages(say);
  const child = spawn(python, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const ask = asker(child, lines);
  const versions = await ask<{ readonly pyiceberg: string; readonly duckdb: string }>({ of: "versions" });
  const oracle = (of: "pyiceberg" | "duckdb"): Oracle => ({
    name: `${of === "duckdb" ? "DuckDB" : of} ${versions[of]}`,
    ask: (table: AskedTable, filters: readonly Filter[], tell: Tell) =>
      ask<Found>({ of, ...table, filters, tell }),
  });
  return {
    oracles: [oracle("pyiceberg"), oracle("duckdb")],
    foreign: (work) => ask({ of: "foreign", ...work }),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

type Asked = ChildProcessByStdio<Writable, Readable, null>;

/** One question after the other: a line out, a line in. */
function asker(child: Asked, lines: Interface): <Answer>(question: object) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve();
  const answers = lines[Symbol.asyncIterator]();
  return <Answer>(question: object): Promise<Answer> => {
    const asked = last.then(async () => {
      child.stdin.write(`${stringifyJson(question)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Missing("the process of Python ended");
      const answer = JSON.parse(value) as Answer & { readonly error?: string };
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    });
    last = asked.catch(() => undefined);
    return asked;
  };
}
