import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { stringifyJson } from "@kinesis-connectors/core";
import { javaArguments } from "./install.js";
import { type Found, Missing, type Oracle } from "./oracle.js";

/** Iceberg's own Java, in a process of its own. */
export interface JavaSide extends AsyncDisposable {
  readonly oracle: Oracle;
  /** Its catalog, by REST: Iceberg's own handlers of commits. */
  readonly catalogUri: string;
}

/** @throws Missing where Java or its jars cannot be had */
export async function startJava(warehouse: string, say: (text: string) => void): Promise<JavaSide> {
  const child = spawn("java", [...(await javaArguments(say)), warehouse], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Missing("Iceberg's own Java ended before it served");
  const uri = first.value;
  return {
    oracle: {
      name: "Iceberg's own Java 1.10.0",
      ask: async (table, filters, tell) => {
        const { metadata, endpoint } = table;
        const body = stringifyJson({ metadata, endpoint, filters, tell }) ?? "";
        const answer = await fetch(`${uri}/read`, { method: "POST", body });
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(text.slice(0, 2_000));
        return JSON.parse(text) as Found;
      },
    },
    catalogUri: uri,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}
