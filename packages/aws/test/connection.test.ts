import { describe, expect, it, vi } from "vitest";
import { type AwsClient, type AwsClientConfig, connectAws } from "../src/connection.js";

const fakeClient = (): AwsClient => ({
  config: { credentials: async () => undefined },
  middlewareStack: Object.assign({ remove: () => true }, { add: () => undefined }),
  send: async () => undefined,
  destroy: vi.fn<() => void>(),
});

const service = (create: (config: AwsClientConfig, endpoint: URL | undefined) => AwsClient = fakeClient) => ({
  endpointVariable: "AWS_ENDPOINT_URL_KINESIS",
  requestTimeoutMs: 30_000,
  create,
});

describe("a connection", () => {
  it("makes its client with the first use, and hands it what was given, and nothing that was not", async () => {
    let seen: AwsClientConfig | undefined;
    let made = 0;
    const connection = connectAws(
      { region: "eu-west-1" },
      service((config) => {
        seen = config;
        made += 1;
        return fakeClient();
      }),
    );
    expect(made).toBe(0);
    connection.close();
    expect(made).toBe(0);
    await Promise.all([connection.refreshCredentials(), connection.refreshCredentials()]);
    expect(made).toBe(1);
    expect(seen).toMatchObject({ region: "eu-west-1" });
    expect(seen).not.toHaveProperty("endpoint");
    expect(seen).not.toHaveProperty("credentials");
  });

  it("destroys its own client and never the caller's", async () => {
    const own = fakeClient();
    connectAws({ client: own }, service()).close();
    expect(own.destroy).not.toHaveBeenCalled();
    const made = fakeClient();
    const connection = connectAws(
      {},
      service(() => made),
    );
    await connection.made();
    connection.close();
    expect(made.destroy).toHaveBeenCalledOnce();
  });

  it.each(["region", "endpoint", "credentials", "maxSockets"] as const)(
    "refuses %s beside a client, naming it",
    (name) => {
      const options = {
        client: fakeClient(),
        region: "x",
        endpoint: "https://x",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
        maxSockets: 1,
      };
      expect(() => connectAws({ client: options.client, [name]: options[name] }, service())).toThrow(
        new RegExp(`^${name} cannot`),
      );
    },
  );

  it.each([
    ["maxSockets", { maxSockets: 0 }],
    ["connectionTimeoutMs", { connectionTimeoutMs: Number.NaN }],
    ["requestTimeoutMs", { requestTimeoutMs: -1 }],
    ["region", { region: "" }],
  ])("names %s when its value cannot work", (name, options) => {
    expect(() => connectAws(options, service())).toThrow(new RegExp(`^${name} must`));
  });

  it("holds an endpoint of the environment to the same rule", () => {
    vi.stubEnv("AWS_ENDPOINT_URL_KINESIS", "http://10.1.2.3");
    try {
      expect(() => connectAws({}, service())).toThrow(/http to another machine/);
      expect(connectAws({ allowInsecure: true }, service()).endpoint?.hostname).toBe("10.1.2.3");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
