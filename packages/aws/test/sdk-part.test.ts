import { expect, it, vi } from "vitest";
import { later } from "../src/later.js";
import { sdkPart } from "../src/sdk-part.js";

it("loads a part of the SDK once, by require where Node finds it, and gives the one that import gives", async () => {
  const load = vi.fn<() => Promise<typeof import("@smithy/node-http-handler")>>();
  const part = sdkPart("@smithy/node-http-handler", import.meta.url, load);
  const [one, other] = await Promise.all([part(), part()]);
  expect(one).toBe(other);
  expect(load).not.toHaveBeenCalled();
  const imported = await import("@smithy/node-http-handler");
  expect(one.NodeHttpHandler).toBe(imported.NodeHttpHandler);
});

it("asks what a bundle holds where Node does not find it", async () => {
  const part = sdkPart("@aws-sdk/client-of-nothing", import.meta.url, () => Promise.resolve("bundled"));
  expect(await part()).toBe("bundled");
});

it("names the package that is missing and the cure, and looks again with the next call", async () => {
  let isInstalled = false;
  const part = sdkPart("@aws-sdk/client-of-nothing", import.meta.url, () =>
    isInstalled ? Promise.resolve("here") : Promise.reject(new Error("Cannot find package\nRequire stack")),
  );
  await expect(part()).rejects.toMatchObject({
    code: "KC_OPTION_INVALID",
    message:
      "the package @aws-sdk/client-of-nothing cannot be loaded (Cannot find package): npm install @aws-sdk/client-of-nothing, or leave it in your bundle",
  });
  isInstalled = true;
  expect(await part()).toBe("here");
});

it("is loaded, and a client made, by the next call also where the first one threw at once", async () => {
  const makeThe = (what: string) => {
    let isBroken = true;
    return (): Promise<string> => {
      if (!isBroken) return Promise.resolve(what);
      isBroken = false;
      throw new Error("too many open files");
    };
  };
  const part = sdkPart("@aws-sdk/client-of-nothing", import.meta.url, makeThe("part"));
  const { made } = later(makeThe("client"), () => undefined);
  for (const call of [part, made]) await expect(call()).rejects.toThrow("too many open files");
  expect([await part(), await made()]).toEqual(["part", "client"]);
});
