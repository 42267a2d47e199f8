import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { stringifyJson } from "@kinesis-connectors/core";
import { javaArguments } from "./install.js";
import { type Filter, type Found, Missing, type Oracle } from "./oracle.js";

/** Iceberg's own Java, in a process of its own. */
export interface JavaSide extends AsyncDisposable {
  readonly oracle: Oracle;
  /** Its catalog, by REST: Iceberg's own handlers of commits. */
  readonly catalogUri: string;
}

/** Its evaluator takes null for less than every value, and for no NaN; engines, as SQL has it, take it for neither. */
function withoutNulls(filter: Filter): Filter {
  if (filter.type === "and")
    return { type: "and", left: withoutNulls(filter.left), right: withoutNulls(filter.right) };
  if (filter.type !== "lt" && filter.type !== "lt-eq" && filter.type !== "not-nan") return filter;
  return { type: "and", left: filter, right: { type: "not-null", term: filter.term } };
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
        const body = stringifyJson({ metadata, endpoint, filters: filters.map(withoutNulls), tell }) ?? "";
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
