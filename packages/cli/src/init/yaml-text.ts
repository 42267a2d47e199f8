/** A name as YAML takes it for a text: `123`, `true` and `1e5` in quotes. */
export function yamlText(name: string): string {
  return /^[A-Za-z][A-Za-z0-9_.-]*$/.test(name) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name)
    ? name
    : JSON.stringify(name);
}
