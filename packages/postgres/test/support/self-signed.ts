import { generateKeyPairSync, sign } from "node:crypto";

/** A key, and a certificate for it that vouches for itself: for servers that must not be trusted. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // ecdsa-with-SHA256 (RFC 5758 §3.2).
  const algorithm = sequence(objectId([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  // commonName (RFC 5280, appendix A.1).
  const name = sequence(
    value(0x31, sequence(objectId([0x55, 0x04, 0x03]), value(0x0c, Buffer.from("localhost")))),
  );
  const validity = sequence(
    value(0x17, Buffer.from("200101000000Z")),
    value(0x17, Buffer.from("491231235959Z")),
  );
  // Version 3, serial number 1 (RFC 5280 §4.1).
  const signed = sequence(
    value(0xa0, integer(2)),
    integer(1),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = value(0x03, Buffer.of(0), sign("sha256", signed, privateKey));
  const base64 = sequence(signed, algorithm, signature).toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  };
}

/** Tag, length and content (X.690 §8.1). */
function value(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), bytes]);
}

function sequence(...content: readonly Uint8Array[]): Buffer {
  return value(0x30, ...content);
}

function objectId(bytes: readonly number[]): Buffer {
  return value(0x06, Buffer.from(bytes));
}

function integer(whole: number): Buffer {
  return value(0x02, Buffer.of(whole));
}
