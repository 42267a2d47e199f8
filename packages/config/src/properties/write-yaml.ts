/** What a file is made of. */
type YamlValue = string | number | boolean | readonly string[] | YamlMapping;

/** Options by name; those that are undefined are left out. */
export interface YamlMapping {
  readonly [name: string]: YamlValue | undefined;
}

// What YAML takes for something else than a text, in whichever version.
const OTHER = /^(?:true|false|yes|no|on|off|null|~|y|n)$/i;
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*$/;

/** Writes a file, with the schema for editors in its first line. */
export function writeYaml(options: YamlMapping): string {
  return `# yaml-language-server: $schema=./node_modules/@kinesis-connectors/config/schema.json\n${linesOf(options, "").join("\n")}\n`;
}

function linesOf(mapping: YamlMapping, indent: string): readonly string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(mapping)) {
    if (value === undefined) continue;
    if (!isMapping(value)) {
      lines.push(`${indent}${name}: ${inline(value)}`);
      continue;
    }
    const inner = linesOf(value, `${indent}  `);
    if (inner.length > 0) lines.push(`${indent}${name}:`, ...inner);
  }
  return lines;
}

function inline(value: string | number | boolean | readonly string[]): string {
  if (typeof value === "object") return `[${value.map((one) => inline(one)).join(", ")}]`;
  if (typeof value !== "string") return String(value);
  // A ${ of Java's file is no variable here.
  const text = value.replaceAll("${", () => "$${");
  return PLAIN.test(text) && !OTHER.test(text) ? text : JSON.stringify(text);
}

function isMapping(value: YamlValue): value is YamlMapping {
  return typeof value === "object" && !Array.isArray(value);
}
