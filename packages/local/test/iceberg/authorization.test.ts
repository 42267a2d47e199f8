import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../src/index.js";
import { callerOf, startIceberg } from "./start-iceberg.js";

const NAMESPACES = "/v1/namespaces";

describe("who may call the catalog", () => {
  it("a bearer token: with it, without it, with another", async () => {
    await using local = await startIceberg({ authorization: { type: "bearer", token: "secret" } });
    const call = callerOf(local);
    const asked = async (authorization?: string): Promise<number> =>
      (await call("GET", NAMESPACES, undefined, authorization === undefined ? {} : { authorization })).status;
    expect(await asked("Bearer secret")).toBe(200);
    expect(await asked("Bearer secrets")).toBe(401);
    expect(await asked()).toBe(401);
    expect((await call("GET", "/v1/config")).body.error).toMatchObject({ type: "NotAuthorizedException" });
  });

  it("client credentials: exchanged for a token that ends, by Basic or in the form", async () => {
    const clock = virtualClock();
    const authorization = {
      type: "oauth2",
      clientId: "me",
      clientSecret: "s:e&c",
      tokenLifetimeMs: 60_000,
    } as const;
    await using local = await startIceberg({ authorization }, { clock });
    const call = callerOf(local);
    const exchange = (form: Record<string, string>, headers: Record<string, string> = {}) =>
      call("POST", "/v1/oauth/tokens", String(new URLSearchParams(form)), {
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      });
    const grant = { grant_type: "client_credentials" };
    const basic = `Basic ${Buffer.from(`me:${encodeURIComponent("s:e&c")}`).toString("base64")}`;
    const { body } = await exchange(grant, { authorization: basic });
    expect(body).toMatchObject({ token_type: "bearer", expires_in: 60 });
    const inForm = await exchange({ ...grant, client_id: "me", client_secret: "s:e&c" });
    expect(inForm.status).toBe(200);
    const wrong = await exchange({ ...grant, client_id: "me", client_secret: "other" });
    expect(wrong).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect(await exchange({ grant_type: "password" })).toMatchObject({ status: 400 });
    const asked = async (): Promise<number> =>
      (await call("GET", NAMESPACES, undefined, { authorization: `Bearer ${String(body["access_token"])}` }))
        .status;
    expect(await asked()).toBe(200);
    await clock.advance(60_000);
    expect(await asked()).toBe(401);
  });

  it("a signature: made anew from what came over the wire, for this service, region and time", async () => {
    const clock = virtualClock();
    await using local = await startIceberg(
      { authorization: { type: "sigv4", service: "s3tables" }, prefix: "arn%3Aaws%3Abucket%2Fb" },
      { clock },
    );
    local.iceberg.createNamespace("a", "b c");
    const asked = async (over: {
      readonly service?: string;
      readonly secret?: string;
      readonly at?: number;
      readonly tampered?: boolean;
    }): Promise<string> => {
      const { hostname, port } = new URL(local.endpoints.iceberg);
      const signer = new SignatureV4({
        service: over.service ?? "s3tables",
        region: "eu-central-1",
        credentials: { accessKeyId: "any", secretAccessKey: over.secret ?? "local" },
        sha256: NodeHash,
      });
      const path = "/v1/arn%3Aaws%3Abucket%2Fb/namespaces/a%1Fb%20c/tables";
      const { headers } = await signer.sign(
        {
          protocol: "http:",
          method: "GET",
          hostname,
          port: Number(port),
          path,
          query: { pageSize: "2", pageToken: "0" },
          headers: { host: `${hostname}:${port}` },
        },
        { signingDate: new Date(over.at ?? clock.now()) },
      );
      const answer = await callerOf(local)(
        "GET",
        `${path}?pageToken=0&pageSize=${over.tampered === true ? 3 : 2}`,
        undefined,
        headers,
      );
      return `${answer.status} ${answer.body.error?.type ?? ""}`;
    };
    expect(await asked({})).toBe("200 ");
    expect(await asked({ service: "glue" })).toBe("403 InvalidSignatureException");
    expect(await asked({ secret: "other" })).toBe("403 InvalidSignatureException");
    expect(await asked({ tampered: true })).toBe("403 InvalidSignatureException");
    expect(await asked({ at: clock.now() - 301_000 })).toBe("403 InvalidSignatureException");
    const unsigned = await callerOf(local)("GET", "/v1/config");
    expect(unsigned.body.error).toMatchObject({ type: "MissingAuthenticationTokenException" });
  });
});

/** SHA-256 as the signer asks for it. */
class NodeHash {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash("sha256")
        : createHmac("sha256", typeof secret === "string" ? secret : bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error("not asked for");
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
