const TOKEN =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^'\\]|''|\\[\s\S])*')|(?<name>"(?:[^"]|"")+")|(?<number>\d+)|(?<word>[A-Za-z_][\w$]*)|(?<sign>[(),.;=*])|(?<other>[\s\S])/gy;

/**
 * The shape of a statement: its words and signs, with every text and every quoted name alike; a name with its schema is one name. Reads
 * backslashes in texts as escapes, as Redshift does.
 */
export function shapeOf(sql: string): string {
  const shape: string[] = [];
  for (const { groups, 0: token } of sql.matchAll(TOKEN)) {
    if (groups?.["space"] !== undefined) continue;
    if (groups?.["text"] !== undefined) shape.push("text");
    else if (groups?.["name"] !== undefined) shape.push("name");
    else shape.push(groups?.["word"]?.toUpperCase() ?? token);
  }
  return shape
    .join(" ")
    .replaceAll("name . name", "name")
    .replaceAll(/\b(COPY|TABLE) T\b/g, "$1 name");
}
