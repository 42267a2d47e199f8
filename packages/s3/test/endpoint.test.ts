import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextOf, failureFrom } from "@kinesis-connectors/testkit";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { afterEach, describe, expect, it, vi } from "vitest";

const reach = { region: "eu-central-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };
const folder = mkdtempSync(join(tmpdir(), "kinesis-connectors-endpoint-"));

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A server that passes for another machine: it answers here, and its address is none of those that mean this machine. */
async function startFarServer() {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(404, { "content-type": "application/x-amz-json-1.1" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://0.0.0.0:${typeof address === "object" && address !== null ? address.port : 0}`,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Leads the SDK's clients to a URL by a profile of the shared config file. The SDK reads each file once. */
function profile(name: string, text: string): void {
  const file = join(folder, name);
  writeFileSync(file, text);
  vi.stubEnv("AWS_CONFIG_FILE", file);
  vi.stubEnv("AWS_PROFILE", "far");
}

describe("an endpoint over http on another machine that no code names", () => {
  it.each([
    ["the service's variable", (url: string) => vi.stubEnv("AWS_ENDPOINT_URL_S3", url)],
    ["the variable of all services", (url: string) => vi.stubEnv("AWS_ENDPOINT_URL", url)],
    ["the profile", (url: string) => profile("one", `[profile far]\nendpoint_url = ${url}\n`)],
    [
      "a section of services",
      (url: string) =>
        profile("two", `[profile far]\nservices = those\n[services those]\ns3 =\n  endpoint_url = ${url}\n`),
    ],
  ])("is refused before anything is sent: by %s", async (_name, lead) => {
    await using far = await startFarServer();
    lead(far.url);
    const emitterWhere = (allowInsecure: boolean) =>
      s3Emitter({ bucket: "clicks", format: ndjson(), forcePathStyle: true, ...reach, allowInsecure });
    // The environment is looked at when the emitter is made, and what only the client knows when it is opened.
    const opening = async (): Promise<void> => emitterWhere(false).open?.(contextOf(undefined));
    expect(await failureFrom(opening())).toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringMatching(/is http to another machine \(0\.0\.0\.0\)/),
    });
    expect(far.requests()).toBe(0);
    // What it answers is of no matter here: it was asked.
    await Promise.allSettled([emitterWhere(true).open?.(contextOf(undefined))]);
    expect(far.requests()).toBeGreaterThan(0);
  });

  it("is left alone where the code names another", () => {
    vi.stubEnv("AWS_ENDPOINT_URL", "http://example.com");
    expect(() =>
      s3Emitter({
        bucket: "clicks",
        format: ndjson(),
        forcePathStyle: true,
        ...reach,
        endpoint: "https://example.com",
      }),
    ).not.toThrow();
    rmSync(folder, { recursive: true });
  });
});
