/** What a file is made of. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | YamlMapping;

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
  return Object.entries(mapping).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (isMapping(value)) {
      const inner = linesOf(value, `${indent}  `);
      return inner.length === 0 ? [] : [`${indent}${name}:`, ...inner];
    }
    return [`${indent}${name}: ${inline(value)}`];
  });
}

function inline(value: YamlValue): string {
  if (typeof value === "string") {
    // A ${ of Java's file is no variable here.
    const text = value.replaceAll("${", () => "$${");
    return PLAIN.test(text) && !OTHER.test(text) ? text : JSON.stringify(text);
  }
  if (Array.isArray(value)) return `[${value.map((one: YamlValue) => inline(one)).join(", ")}]`;
  if (isMapping(value))
    return `{ ${Object.entries(value)
      .flatMap(([name, one]) => (one === undefined ? [] : [`${name}: ${inline(one)}`]))
      .join(", ")} }`;
  return String(value);
}

function isMapping(value: YamlValue): value is YamlMapping {
  return typeof value === "object" && !Array.isArray(value);
}
