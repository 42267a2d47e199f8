import { expect, it, test } from "vitest";
import { Redis } from "ioredis";
import { redisLeaseTable, type RedisLeaseTableOptions } from "../src/index.js";
import { settingsFaults } from "../src/server-settings.js";

it.each<[Partial<RedisLeaseTableOptions>, string]>([
  [{}, "either connection or client"],
  [{ connection: "localhost:6379" }, "redis://user@host"],
  [{ connection: "postgres://localhost" }, "redis://user@host"],
  [{ connection: "redis://localhost/?family=6" }, "parameters"],
  [{ connection: "redis://localhost/x" }, "connection.database"],
  [{ connection: "redis://u:%zz@localhost/0" }, "%25"],
  [{ connection: { host: "" } }, "connection.host"],
  [{ connection: { host: "localhost", port: 0 } }, "connection.port"],
  [{ connection: { host: "localhost", tls: "yes" as never } }, "connection.tls"],
  [{ connection: { host: "localhost", password: 7 as never } }, "connection.password"],
  [{ connection: { host: "localhost", passwort: "x" } as never }, "passwort"],
  [{ connection: "redis://localhost", waitReplicas: -1 }, "waitReplicas"],
  [{ client: new Redis({ lazyConnect: true }), waitReplicas: 1 }, "waitReplicas needs connection"],
  [
    { client: new Redis({ lazyConnect: true }), connection: "redis://localhost" },
    "either connection or client",
  ],
  [{ connection: "redis://localhost", requestTimeoutMs: 0 }, "requestTimeoutMs"],
  [{ connection: "redis://localhost", key: "" }, "key"],
  [{ connection: "redis://localhost", application: "" }, "application"],
])("options that cannot work are refused by name: %#", (more, message) => {
  const make = (): unknown => redisLeaseTable({ application: "clicks", ...more });
  expect(make).toThrow(
    expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringContaining(message) }),
  );
});

test("settings of a server that would lose leases are told, and those that will are refused", () => {
  const levels = (info: string): string[] => settingsFaults(info, "k").map(({ level }) => level);
  const sound = "maxmemory:0\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nappendfsync:always\r\n";
  expect(levels(sound)).toEqual([]);
  expect(levels("")).toEqual([]);
  expect(levels(sound.replace("aof_enabled:1", "aof_enabled:0"))).toEqual(["warn"]);
  expect(levels(sound.replace("always", "everysec"))).toEqual(["warn"]);
  expect(levels(sound.replace("noeviction", "allkeys-lru"))).toEqual([]);
  expect(levels(sound.replace("noeviction", "allkeys-lru").replace("maxmemory:0", "maxmemory:100"))).toEqual([
    "stop",
  ]);
  expect(levels(sound.replace("noeviction", "volatile-lru").replace("maxmemory:0", "maxmemory:100"))).toEqual(
    [],
  );
});
