import { inspect } from "node:util";
import { expect, it } from "vitest";
import { mysqlLeaseTable, type MysqlLeaseTableOptions } from "../src/index.js";
import { failureOf } from "../src/failures.js";

const parts = { host: "localhost", user: "u", database: "d" };

it.each<[Partial<MysqlLeaseTableOptions>, string]>([
  [{ connection: "localhost:3306" }, "mysql://user@host"],
  [{ connection: "redis://localhost" }, "mysql://user@host"],
  [{ connection: "mysql://u@localhost/d?ssl=true" }, "parameters"],
  [{ connection: "mysql://u@localhost" }, "connection.database"],
  [{ connection: "mysql://localhost/d" }, "connection.user"],
  [{ connection: "mysql://u:%zz@localhost/d" }, "%25"],
  [{ connection: { ...parts, host: "" } }, "connection.host"],
  [{ connection: { ...parts, port: 0 } }, "connection.port"],
  [{ connection: { ...parts, tls: "yes" as never } }, "connection.tls"],
  [{ connection: { ...parts, password: 7 as never } }, "connection.password"],
  [{ connection: { ...parts, passwort: "x" } as never }, "passwort"],
  [{ connection: parts, application: "" }, "application"],
  [{ connection: parts, application: "a".repeat(60) }, "give table"],
  [{ connection: parts, table: "ops.leases" }, "give table"],
  [{ connection: parts, maxConnections: 0 }, "maxConnections"],
  [{ connection: parts, requestTimeoutMs: 0 }, "requestTimeoutMs"],
])("options that cannot work are refused by name: %#", (more, message) => {
  const make = (): unknown => mysqlLeaseTable({ application: "clicks", connection: parts, ...more });
  expect(make).toThrow(
    expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringContaining(message) }),
  );
});

it("a failure is shown without its statement", () => {
  const error = Object.assign(new Error("Deadlock found"), {
    code: "ER_LOCK_DEADLOCK",
    sql: "UPDATE leases SET lease = 'secret'",
    parameters: ["secret"],
  });
  const { type, cause } = failureOf(error);
  expect(type).toBe("waiting");
  expect(inspect(cause, { depth: 10, showHidden: true })).not.toContain("secret");
});
