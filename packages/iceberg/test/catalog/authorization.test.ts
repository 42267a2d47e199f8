import type { AwsCredentials } from "@kinesis-connectors/aws";
import { inspect } from "node:util";
import { describe, expect, it, test, vi } from "vitest";
import {
  bearer,
  type CatalogContext,
  clientCredentials,
  glueCatalog,
  s3TablesCatalog,
  sigV4,
} from "@kinesis-connectors/iceberg";
import { virtualClock } from "@kinesis-connectors/local";
import { failureFrom } from "@kinesis-connectors/testkit";
import { systemClock } from "@kinesis-connectors/core";
import { CONTEXT, ORDERS, propertiesOf, propertyCommit, SCHEMA, startCatalog } from "./local-catalog.js";

/** With the time of a clock that stands still. */
const at = ({ now }: { readonly now: () => number }): CatalogContext => ({
  ...CONTEXT,
  clock: { ...systemClock, now },
});
const KEYS = { accessKeyId: "AKCANARY", secretAccessKey: "local" };

describe("a bearer token", () => {
  it("goes with every request; one that is over is fetched anew, and the request sent again", async () => {
    const fetchToken = vi.fn<() => Promise<string>>();
    await using setup = await startCatalog(
      { auth: bearer(fetchToken) },
      { authorization: { type: "bearer", token: "new" } },
    );
    fetchToken
      .mockImplementationOnce(() => Promise.resolve("old"))
      .mockImplementation(() => Promise.resolve("new"));
    expect(await setup.catalog.createTable(ORDERS, { schema: SCHEMA }, CONTEXT)).toBeDefined();
    const statuses = setup.local.journal.entries({ server: "iceberg" }).map(({ status }) => status);
    expect(statuses).toEqual([401, 200, 200]);
  });

  it("that stays wrong is refused, and stands in no error", async () => {
    await using setup = await startCatalog(
      { auth: bearer("CANARY") },
      { authorization: { type: "bearer", token: "right" } },
    );
    const error = await failureFrom(setup.catalog.loadTable(ORDERS, CONTEXT));
    expect(error).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("correct `auth`"),
    });
    expect(inspect(error, { depth: 9 })).not.toContain("CANARY");
  });
});

describe("client credentials", () => {
  const authorization = {
    type: "oauth2",
    clientId: "me",
    clientSecret: "s&=:%",
    tokenLifetimeMs: 60_000,
  } as const;

  it("are exchanged once for all requests that come together, and again when the token ends", async () => {
    const clock = virtualClock();
    await using setup = await startCatalog(
      { auth: clientCredentials({ clientId: "me", clientSecret: "s&=:%" }) },
      { authorization },
      { clock },
    );
    const { catalog, local } = setup;
    const exchanges = (): number => local.journal.entries({ operation: "GetToken" }).length;
    await Promise.all([1, 2, 3].map(() => catalog.loadTable(ORDERS, at(clock))));
    expect(exchanges()).toBe(1);
    await clock.advance(53_000);
    await catalog.loadTable(ORDERS, at(clock));
    expect(exchanges()).toBe(1);
    // Before the end, not at it.
    await clock.advance(2_000);
    await catalog.loadTable(ORDERS, at(clock));
    expect(exchanges()).toBe(2);
    expect(
      local.journal.entries({ server: "iceberg" }).every(({ status }) => status < 500 && status !== 401),
    ).toBe(true);
  });

  it.each([
    [401, "NotAuthorizedException"],
    [419, "AuthenticationTimeoutException"],
  ])("%i: another token, and the commit once more", async (status, code) => {
    await using setup = await startCatalog(
      { auth: clientCredentials({ clientId: "me", clientSecret: "s&=:%" }) },
      { authorization },
    );
    const { catalog, local } = setup;
    await catalog.createTable(ORDERS, { schema: SCHEMA }, CONTEXT);
    local.faults.add({ operation: "UpdateTable", effect: { kind: "error", status, code } });
    expect(await catalog.commitTable(ORDERS, propertyCommit("a"), CONTEXT)).toMatchObject({
      type: "applied",
    });
    expect(propertiesOf(local)).toHaveProperty("a");
    expect(local.journal.entries({ operation: "GetToken" })).toHaveLength(2);
  });

  it("that are wrong are refused by name; a token endpoint that is away is an outage, and the commit not unknown", async () => {
    await using setup = await startCatalog(
      { auth: clientCredentials({ clientId: "me", clientSecret: "CANARY" }) },
      { authorization },
    );
    const { catalog, local } = setup;
    const wrong = await failureFrom(catalog.loadTable(ORDERS, CONTEXT));
    expect(wrong).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("`clientSecret`"),
    });
    expect(inspect(wrong, { depth: 9 })).not.toContain("CANARY");
    local.faults.add({
      operation: "GetToken",
      effect: { kind: "error", status: 503, code: "SlowDownException" },
    });
    await expect(catalog.commitTable(ORDERS, propertyCommit("a"), CONTEXT)).rejects.toMatchObject({
      name: "CatalogUnavailable",
    });
  });
});

describe("signatures", () => {
  it("of the Glue Data Catalog", async () => {
    await using setup = await startCatalog(
      {},
      {
        authorization: { type: "sigv4", service: "glue" },
        prefix: "catalogs/123456789012",
        warehouseName: "123456789012",
      },
    );
    const catalog = glueCatalog({
      region: "eu-central-1",
      catalogId: "123456789012",
      credentials: KEYS,
      uri: setup.local.endpoints.iceberg,
    });
    expect(await catalog.createTable(ORDERS, { schema: SCHEMA }, CONTEXT)).toBeDefined();
    expect(await catalog.commitTable(ORDERS, propertyCommit("a"), CONTEXT)).toMatchObject({
      type: "applied",
    });
    catalog.close?.();
  });

  it("of a table bucket, whose ARN stands in every path", async () => {
    const tableBucketArn = "arn:aws:s3tables:eu-central-1:123456789012:bucket/lake";
    await using setup = await startCatalog(
      {},
      {
        authorization: { type: "sigv4", service: "s3tables" },
        prefix: encodeURIComponent(tableBucketArn),
        warehouseName: tableBucketArn,
      },
    );
    const catalog = s3TablesCatalog({
      tableBucketArn,
      credentials: KEYS,
      uri: setup.local.endpoints.iceberg,
    });
    const table = { namespace: ["sales"], name: "o_1" };
    expect(await catalog.createTable(table, { schema: SCHEMA }, CONTEXT)).toBeDefined();
    expect(await catalog.loadTable(table, CONTEXT)).toBeDefined();
    catalog.close?.();
  });

  it("with wrong keys are refused, and neither keys nor the signed request stand in the error", async () => {
    await using setup = await startCatalog(
      {
        auth: sigV4({
          region: "eu-central-1",
          service: "glue",
          credentials: { ...KEYS, secretAccessKey: "CANARY" },
        }),
      },
      { authorization: { type: "sigv4", service: "glue" } },
    );
    const error = await failureFrom(setup.catalog.loadTable(ORDERS, CONTEXT));
    expect(error).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("check the credentials"),
    });
    expect(inspect(error, { depth: 9 })).not.toContain("CANARY");
  });

  it("of a session that is over: fresh keys, and the commit once more; keys that were given are over for good", async () => {
    const fetchKeys = vi.fn<() => Promise<AwsCredentials>>(() => Promise.resolve(KEYS));
    await using setup = await startCatalog(
      { auth: sigV4({ region: "eu-central-1", service: "glue", credentials: fetchKeys }) },
      { authorization: { type: "sigv4", service: "glue" } },
    );
    const { catalog, local } = setup;
    await catalog.createTable(ORDERS, { schema: SCHEMA }, CONTEXT);
    expect(fetchKeys).toHaveBeenCalledTimes(1);
    const over = { kind: "error", status: 403, code: "ExpiredTokenException" } as const;
    local.faults.add({ operation: "UpdateTable", effect: over });
    expect(await catalog.commitTable(ORDERS, propertyCommit("a"), CONTEXT)).toMatchObject({
      type: "applied",
    });
    expect(fetchKeys).toHaveBeenCalledTimes(2);
    const given = glueCatalog({ region: "eu-central-1", credentials: KEYS, uri: local.endpoints.iceberg });
    local.faults.add({ operation: "LoadTable", effect: over });
    const error = await failureFrom(given.loadTable(ORDERS, CONTEXT));
    expect(error).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("renew the session"),
    });
    given.close?.();
  });

  it("keys that will end are fetched before they do", async () => {
    const clock = virtualClock(Date.now());
    const fetchKeys = vi.fn<() => Promise<AwsCredentials>>(() =>
      Promise.resolve({ ...KEYS, expiration: new Date(clock.now() + 3_600_000) }),
    );
    await using setup = await startCatalog(
      {
        auth: sigV4({ region: "eu-central-1", service: "glue", credentials: fetchKeys }),
      },
      { authorization: { type: "sigv4", service: "glue" } },
      { clock },
    );
    await setup.catalog.loadTable(ORDERS, at(clock));
    await clock.advance(50 * 60_000);
    await setup.catalog.loadTable(ORDERS, at(clock));
    expect(fetchKeys).toHaveBeenCalledTimes(1);
    await clock.advance(6 * 60_000);
    await setup.catalog.loadTable(ORDERS, at(clock));
    expect(fetchKeys).toHaveBeenCalledTimes(2);
  });

  it("by a clock that is off are made again by the catalog's", async () => {
    const late = at({ now: () => Date.now() - 3_600_000 });
    await using setup = await startCatalog(
      {
        auth: sigV4({ region: "eu-central-1", service: "glue", credentials: KEYS }),
      },
      { authorization: { type: "sigv4", service: "glue" } },
    );
    const { catalog, local } = setup;
    expect(await catalog.createTable(ORDERS, { schema: SCHEMA }, late)).toBeDefined();
    expect(await catalog.commitTable(ORDERS, propertyCommit("a"), late)).toMatchObject({
      type: "applied",
    });
    expect(local.journal.entries({ server: "iceberg" }).map(({ status }) => status)).toEqual([
      403, 200, 200, 200,
    ]);
  });
});

test.each([
  ["bearer() takes a token", () => bearer("")],
  ["bearer() takes a token", () => bearer("two words")],
  ["clientId is missing", () => clientCredentials({ clientSecret: "x" } as never)],
  ["clientCredentials.clientSecret must be", () => clientCredentials({ clientId: "a", clientSecret: "" })],
  [
    "clientCredentials.tokenUri is http to another",
    () => clientCredentials({ clientId: "a", clientSecret: "b", tokenUri: "http://example.com" }),
  ],
  ["region is missing", () => sigV4({ service: "glue" } as never)],
  [
    "sigV4.credentials.accessKeyId must be",
    () => sigV4({ region: "r", service: "glue", credentials: { accessKeyId: "", secretAccessKey: "" } }),
  ],
  ["region is missing", () => glueCatalog({} as never)],
  ["tableBucketArn must be an ARN", () => s3TablesCatalog({ tableBucketArn: "arn:aws:s3:::lake" })],
])("an option that cannot work is named: %s", (message, make) => {
  expect(make).toThrow(message);
});
