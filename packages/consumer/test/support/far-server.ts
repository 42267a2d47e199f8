import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server that passes for another machine: it answers here, and its address is none of those that mean this machine. */
export async function startFarServer() {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
    response.end('{"__type":"ResourceNotFoundException","message":"no"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const folder = mkdtempSync(join(tmpdir(), "kinesis-connectors-endpoint-"));
  let files = 0;
  return {
    url: `http://0.0.0.0:${port}`,
    requests: () => requests,
    /** A shared config file with this text. The SDK reads each file once. */
    configFile: (text: string): string => {
      files += 1;
      const file = join(folder, `config-${files}`);
      writeFileSync(file, text);
      return file;
    },
    [Symbol.asyncDispose]: async () => {
      rmSync(folder, { recursive: true });
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The ways in which the SDK finds an endpoint of a service that no code names; each gives the variables of the environment. */
export const SOURCES: readonly (readonly [
  string,
  (
    service: string,
    far: { readonly url: string; readonly configFile: (text: string) => string },
  ) => Readonly<Record<string, string>>,
])[] = [
  ["the service's variable", (service, { url }) => ({ [`AWS_ENDPOINT_URL_${service.toUpperCase()}`]: url })],
  ["the variable of all services", (_service, { url }) => ({ AWS_ENDPOINT_URL: url })],
  [
    "the profile",
    (_service, { url, configFile }) => ({
      AWS_CONFIG_FILE: configFile(`[profile far]\nendpoint_url = ${url}\n`),
      AWS_PROFILE: "far",
    }),
  ],
  [
    "a section of services",
    (service, { url, configFile }) => ({
      AWS_CONFIG_FILE: configFile(
        `[profile far]\nservices = those\n\n[services those]\n${service} =\n  endpoint_url = ${url}\n`,
      ),
      AWS_PROFILE: "far",
    }),
  ],
];
