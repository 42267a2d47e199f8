import { request } from "node:http";

/** What came of a request: the answer, or none. */
export type Outcome =
  | {
      readonly statusCode: number;
      readonly reason: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  | { readonly failure: Error };

/** The same request by Node's own client, over a connection of its own. */
export function askByNode(port: number, name: string, body: Uint8Array): Promise<Outcome> {
  return new Promise((resolve) => {
    const fail = (failure: Error): void => resolve({ failure });
    const headers = { "x-request": name, "content-length": body.length, connection: "keep-alive" };
    const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/", headers, agent: false });
    sent.on("error", fail);
    sent.on("close", () => fail(new Error("the connection was closed")));
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", fail);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        if (!response.complete) return;
        const { statusCode = 0, statusMessage = "", rawHeaders } = response;
        resolve({
          statusCode,
          reason: statusMessage,
          headers: joined(rawHeaders),
          body: Buffer.concat(chunks),
        });
        sent.destroy();
      });
    });
    sent.end(body);
  });
}

function joined(raw: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const before = headers.get(name);
    const value = raw[at + 1] ?? "";
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}
