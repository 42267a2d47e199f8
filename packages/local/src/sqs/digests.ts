import { createHash } from "node:crypto";

/** Hexadecimal MD5 of a text or of bytes. */
export function md5(content: string | Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}

/** Of attributes that are texts (developer guide, "Calculating the MD5 message digest for message attributes"). */
export function attributesMd5(attributes: Readonly<Record<string, string>>): string {
  const parts: Buffer[] = [];
  const add = (text: string): void => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  };
  for (const [name, value] of Object.entries(attributes).toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  )) {
    add(name);
    add("String");
    // 1: a text; 2 would be bytes.
    parts.push(Buffer.of(1));
    add(value);
  }
  return md5(Buffer.concat(parts));
}
