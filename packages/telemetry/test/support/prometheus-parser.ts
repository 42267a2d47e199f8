/** A sample of a text that Prometheus scrapes. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format 0.0.4 as its description says, with no code of the writer's. */
export function parsePrometheus(text: string): readonly Sample[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no line feed");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(parseLine);
}

function parseLine(line: string): Sample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) throw new Error(`no metric name in ${line}`);
  let at = name.length;
  const labels: Record<string, string> = {};
  if (line[at] === "{") {
    at += 1;
    while (line[at] !== "}") {
      const label = /^[a-zA-Z_][a-zA-Z0-9_]*(?==")/.exec(line.slice(at))?.[0];
      if (label === undefined) throw new Error(`no label at ${line.slice(at)}`);
      at += label.length + 2;
      let value = "";
      while (line[at] !== '"') {
        if (at >= line.length) throw new Error(`an open quote in ${line}`);
        if (line[at] === "\\") {
          at += 1;
          const escaped = { n: "\n", "\\": "\\", '"': '"' }[line[at] ?? ""];
          if (escaped === undefined) throw new Error(`\\${line[at]} is no escape`);
          value += escaped;
        } else value += line[at];
        at += 1;
      }
      if (label in labels) throw new Error(`the label ${label} twice`);
      labels[label] = value;
      at += 1;
      if (line[at] === ",") at += 1;
    }
    at += 1;
  }
  const rest = /^ (\S+)$/.exec(line.slice(at))?.[1];
  if (rest === undefined) throw new Error(`no value in ${line}`);
  const value = { "+Inf": Infinity, "-Inf": -Infinity, NaN: Number.NaN }[rest] ?? Number(rest);
  if (Number.isNaN(value) && rest !== "NaN") throw new Error(`${rest} is no number`);
  return { name, labels, value };
}

/** The sum of all samples of a name, and of those labels where they are given. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const found = samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length === 0) throw new Error(`no sample of ${name}`);
  return found.reduce((sum, { value }) => sum + value, 0);
}
