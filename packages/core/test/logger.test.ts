import { describe, expect, it, vi } from "vitest";
import {
  errorFields,
  guardedLogger,
  KinesisConnectorError,
  type Logger,
  silentLogger,
} from "../src/index.js";

function written(): { readonly lines: [object, string][]; readonly logger: Logger } {
  const lines: [object, string][] = [];
  const write = (fields: object, message: string): void => void lines.push([fields, message]);
  return { lines, logger: { debug: write, info: write, warn: write, error: write } };
}

describe("the guarded logger", () => {
  it("S10 writes one line for one line, whatever stands in its texts", () => {
    const { lines, logger } = written();
    const key = "a\r\nERROR forged\u2028line\u001b[2J\u0085\u202eb";
    guardedLogger("logger", logger).warn({ key, nested: { key: [key] }, n: 1 }, `took ${key}`);
    const escaped = "a\\u000d\\u000aERROR forged\\u2028line\\u001b[2J\\u0085\\u202eb";
    expect(lines).toEqual([[{ key: escaped, nested: { key: [escaped] }, n: 1 }, `took ${escaped}`]]);
  });

  it("leaves what needs no escape as it is, and knows itself again", () => {
    const { lines, logger } = written();
    const guard = guardedLogger("logger", logger);
    const fields = { text: "Grüße, 日本", at: new Date(0), error: new Error("a\nb") };
    guard.info(fields, "as it is");
    expect(lines[0]?.[0]).toBe(fields);
    expect(guardedLogger("logger", guard)).toBe(guard);
    expect(guardedLogger("logger", silentLogger)).toBe(silentLogger);
  });

  it("gives the console, which has no level, nothing of debug, and what is made of it all", () => {
    const debug = vi.spyOn(console, "debug").mockReturnValue();
    const info = vi.spyOn(console, "info").mockReturnValue();
    try {
      for (const logger of [console, { ...console }]) {
        const guard = guardedLogger("logger", logger);
        guard.debug({}, "a batch");
        guard.info({}, "a minute");
      }
      expect([debug.mock.calls.length, info.mock.calls.length]).toEqual([1, 2]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it.each<[string, () => unknown]>([
    ["an error", () => new Error("no disk")],
    ["nothing", () => undefined],
    [
      "an error whose name cannot be asked for",
      () =>
        Object.defineProperty(new Error("no"), "name", {
          get: () => {
            throw new Error("no name");
          },
        }),
    ],
    [
      "what cannot be looked at",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
  ])("decides nothing by throwing %s", (_, thrown) => {
    const fail = (): never => {
      throw thrown();
    };
    const guard = guardedLogger("logger", { debug: fail, info: fail, warn: fail, error: fail });
    expect(() => guard.error({}, "said")).not.toThrow();
    expect(() => guard.debug({}, "said")).not.toThrow();
  });

  it("calls a logger that is a class as its own", () => {
    class Kept {
      readonly lines: string[] = [];
      debug(_fields: object, message: string): void {
        this.lines.push(message);
      }
      info = this.debug.bind(this);
      warn = this.info;
      error = this.info;
    }
    const kept = new Kept();
    guardedLogger("logger", kept).debug({}, "said");
    expect(kept.lines).toEqual(["said"]);
  });
});

describe("what a line says of an error", () => {
  it("is code, message, request id and causes of ours and of AWS", () => {
    const refused = Object.assign(new Error("Rate exceeded for shard"), {
      name: "ProvisionedThroughputExceededException",
      $metadata: { requestId: "R-1", httpStatusCode: 400 },
    });
    const reset = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), {
      code: "ECONNREFUSED",
      syscall: "connect",
    });
    expect(errorFields(refused)).toEqual({
      error: "ProvisionedThroughputExceededException",
      reason: "Rate exceeded for shard",
      requestId: "R-1",
      status: 400,
    });
    const ours = new KinesisConnectorError("KC_EMIT_FAILED", "could not be emitted", {
      cause: new Error("somebody's", { cause: reset }),
    });
    expect(errorFields(ours)).toEqual({
      error: "KC_EMIT_FAILED",
      reason: "could not be emitted",
      cause: "Error <- ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:9",
    });
    expect(
      errorFields(new KinesisConnectorError("KC_EMIT_REFUSED", "no table", { cause: refused })),
    ).toMatchObject({ requestId: "R-1", status: 400 });
    const reading = new Error("GetRecords failed", { cause: refused });
    expect(
      errorFields(new KinesisConnectorError("KC_READ_REFUSED", "cannot be read", { cause: reading })),
    ).toMatchObject({ requestId: "R-1", status: 400 });
  });

  it("is the name alone of anybody else's, whose text may quote the data", () => {
    expect(errorFields(new Error("invalid input: 'PAYLOAD'"))).toEqual({ error: "Error" });
    expect(errorFields(new RangeError("Invalid count value: PAYLOAD"))).toEqual({ error: "RangeError" });
    const circle = new Error("PAYLOAD");
    circle.cause = circle;
    expect(JSON.stringify(errorFields(circle))).not.toContain("PAYLOAD");
  });
});
