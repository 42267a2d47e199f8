import { inspect } from "node:util";
import { expect, test } from "vitest";
import { KinesisConnectorError } from "../src/errors.js";

/** An error as SDK clients throw it: the answer hangs on it unseen, and leads to the request. */
function ofSdk(name: string): Error {
  const error = Object.assign(new Error("Rate exceeded"), {
    name,
    $fault: "client",
    $metadata: { httpStatusCode: 400, requestId: "17", extendedRequestId: "CANARY" },
    Item: { secret: { S: "CANARY" } },
  });
  const request = { headers: { "x-amz-security-token": "CANARY" }, body: "CANARY" };
  Object.defineProperty(error, "$response", { value: { body: { req: request } }, enumerable: false });
  return error;
}

const shownOf = (error: unknown): string => inspect(error, { showHidden: true, depth: Infinity });
const erring = (cause: unknown) => new KinesisConnectorError("KC_EMIT_FAILED", "it failed", { cause });

test.each([
  ["itself", (error: Error) => error],
  [
    "what caused it",
    (error: Error) => new Error("wrapped", { cause: new TypeError("twice", { cause: error }) }),
  ],
  ["one of several", (error: Error) => new AggregateError([new Error("one"), error], "both failed")],
  ["one of our own", (error: Error) => erring(error)],
])("an error's cause keeps neither request nor answer of an SDK's error that is %s", (_where, wrap) => {
  const thrown = wrap(ofSdk("ThrottlingException"));
  const error = erring(thrown);
  expect(shownOf(error)).not.toContain("CANARY");
  expect(error.cause).toMatchObject({ name: thrown.name, message: thrown.message, stack: thrown.stack });
});

test("name, status and request id of an SDK's error stay", () => {
  const cause = erring(ofSdk("ThrottlingException")).cause;
  expect(cause).toMatchObject({
    name: "ThrottlingException",
    message: "Rate exceeded",
    $metadata: { httpStatusCode: 400, requestId: "17" },
  });
});

test("any other cause stays the very one that was thrown, and a circle ends", () => {
  const thrown = Object.assign(new Error("connect ECONNREFUSED", { cause: new Error("why") }), {
    code: "ECONNREFUSED",
  });
  expect(erring(thrown).cause).toBe(thrown);
  expect(erring("a text").cause).toBe("a text");
  const circle = new Error("round", { cause: ofSdk("Circling") });
  (circle.cause as Error).cause = circle;
  expect(shownOf(erring(circle))).not.toContain("CANARY");
});
