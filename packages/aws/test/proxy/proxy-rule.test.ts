import { thrownBy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { proxyRule } from "../../src/index.js";
import { directHosts } from "../../src/proxy/no-proxy.js";

const KINESIS = { isTls: true, hostname: "kinesis.eu-west-1.amazonaws.com", port: 443 };
const shown = (
  variables: Record<string, string>,
  target: { isTls: boolean; hostname: string; port: number } = KINESIS,
  option?: string | false,
): string | undefined => proxyRule(option, variables)?.(target)?.shown;

describe("the proxy of a host", () => {
  it("is the environment's for its scheme; small letters come first, and an empty variable is none", () => {
    expect(shown({})).toBeUndefined();
    expect(shown({ HTTPS_PROXY: "http://a:3128" })).toBe("http://a:3128");
    expect(shown({ HTTPS_PROXY: "http://a:3128", https_proxy: "http://b:3128" })).toBe("http://b:3128");
    expect(shown({ HTTPS_PROXY: "http://a:3128", https_proxy: "" })).toBe("http://a:3128");
    expect(shown({ HTTP_PROXY: "http://a:3128" })).toBeUndefined();
    const plain = { isTls: false, hostname: "kinesis.internal", port: 80 };
    expect(shown({ HTTP_PROXY: "http://a:3128" }, plain)).toBe("http://a:3128");
    expect(shown({ HTTPS_PROXY: "http://a:3128" }, plain)).toBeUndefined();
  });

  it.each(["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "::1", "kinesis.localhost"])(
    "is none for %s by the environment, and the option's where that says so",
    (hostname) => {
      const target = { isTls: true, hostname, port: 4567 };
      expect(shown({ HTTPS_PROXY: "http://a:3128" }, target)).toBeUndefined();
      expect(shown({}, target, "http://a:3128")).toBe("http://a:3128");
    },
  );

  it("is the option's for everything, whatever the environment says; false is none", () => {
    const variables = { HTTPS_PROXY: "http://a:3128", NO_PROXY: "*" };
    expect(shown(variables, KINESIS, "http://b:3128")).toBe("http://b:3128");
    expect(shown({ HTTPS_PROXY: "http://a:3128" }, KINESIS, false)).toBeUndefined();
  });

  it("is shown without its credentials, and told of them", () => {
    const proxy = proxyRule("https://a%40b:p%3Aw%25@proxy.example.com")?.(KINESIS);
    expect(proxy).toMatchObject({ shown: "https://proxy.example.com", isTls: true, port: 443 });
    expect(proxy?.authorization).toBe(`Basic ${Buffer.from("a@b:p:w%").toString("base64")}`);
    expect(proxyRule("proxy.example.com:3128")?.(KINESIS)).toMatchObject({
      isTls: false,
      hostname: "proxy.example.com",
      port: 3128,
      authorization: undefined,
    });
  });

  it.each([
    ["proxy", { option: "socks5://user:SECRET@a:1080" }],
    ["proxy", { option: "" }],
    ["proxy", { option: "http://" }],
    ["proxy", { option: "http://user:%SECRET@a" }],
    ["HTTPS_PROXY", { variables: { HTTPS_PROXY: "ftp://user:SECRET@a" } }],
    ["http_proxy", { variables: { http_proxy: "http://user:SECRET@a:99999" } }],
  ])("that cannot be one is refused as %s, without its value", (name, given) => {
    const { option, variables = {} } = given as { option?: string; variables?: Record<string, string> };
    const error = thrownBy(() => proxyRule(option, variables));
    expect(error).toMatchObject({ code: "KC_OPTION_INVALID" });
    expect(error.message).toContain(`${name} `);
    expect(error.message).not.toContain("SECRET");
  });
});

describe("hosts without a proxy", () => {
  it.each([
    ["example.com", "example.com", 443, true],
    ["example.com", "kinesis.example.com", 443, true],
    ["example.com", "notexample.com", 443, false],
    [".example.com", "kinesis.example.com", 443, true],
    [".example.com", "example.com", 443, true],
    ["*.example.com", "kinesis.example.com", 443, true],
    ["EXAMPLE.com", "Example.COM", 443, true],
    ["example.com.", "example.com", 443, true],
    ["example.com:8443", "example.com", 8443, true],
    ["example.com:8443", "example.com", 443, false],
    ["a.com, b.com c.com", "b.com", 443, true],
    ["a.com, b.com c.com", "c.com", 443, true],
    ["*", "anything", 1, true],
    ["", "anything", 1, false],
    ["10.1.2.3", "10.1.2.3", 443, true],
    ["10.1.2.3", "10.1.2.34", 443, false],
    ["10.1.2.3:443", "10.1.2.3", 443, true],
    ["10.1.2.3:443", "10.1.2.3", 80, false],
    ["10.0.0.0/8", "10.200.1.1", 443, true],
    ["10.0.0.0/8", "11.0.0.1", 443, false],
    ["10.0.0.0/8", "ten.example.com", 443, false],
    ["10.0.0.0/33", "10.0.0.1", 443, false],
    ["fd00::/8", "[fd12::1]", 443, true],
    ["fd00::/8", "[fe80::1]", 443, false],
    ["[fd00::1]:443", "[fd00:0::1]", 443, true],
    ["fd00::1", "fd00::1", 443, true],
  ])("%j: %s on port %i: %s", (list, host, port, isDirect) => {
    expect(directHosts(list)(host, port)).toBe(isDirect);
    expect(shown({ HTTPS_PROXY: "http://a", no_proxy: list }, { isTls: true, hostname: host, port })).toBe(
      isDirect ? undefined : "http://a",
    );
  });
});
