import type { S3Call } from "../call.js";
import { S3Error } from "../errors.js";
import { parseXml, XmlError, type XmlElement } from "./xml.js";

/**
 * The document in a request's body.
 *
 * @throws {S3Error} `MalformedXML` when it is none or has another root
 */
export function parseBody(call: S3Call, root: string): XmlElement {
  try {
    const parsed = parseXml(call.body.bytes.toString("utf8"));
    if (parsed.name === root) return parsed;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
  }
  throw new S3Error("MalformedXML");
}
