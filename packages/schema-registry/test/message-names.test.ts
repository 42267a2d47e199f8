import { readFileSync } from "node:fs";
import type { DescMessage } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { messageNames } from "../src/proto/message-names.js";
import { file_order } from "../../protobuf/test/fixtures/order_pb.js";

const order = readFileSync(new URL("../../protobuf/test/fixtures/order.proto", import.meta.url), "utf8");

/** The code of what is wrong with a text. */
function codeOf(text: string): string {
  try {
    messageNames(text);
    return "none";
  } catch (error) {
    return KinesisConnectorError.isInstance(error) ? error.code : String(error);
  }
}

describe("the names of a .proto file's messages", () => {
  it("are those that protoc finds, entries of maps among them", () => {
    const { at, sorted } = messageNames(order);
    expect(sorted).toEqual(["shop.Order", "shop.Order.Line", "shop.Order.TagsEntry", "shop.Refund"]);
    const compare = (messages: readonly DescMessage[], path: readonly number[]): void => {
      for (const [index, message] of messages.entries()) {
        expect(at([...path, index])).toBe(message.typeName);
        compare(message.nestedMessages, [...path, index]);
      }
    };
    compare(file_order.messages, []);
    expect(at([0, 1])).toBe("shop.Order.TagsEntry");
    expect(at([2])).toBeUndefined();
    expect(at([0, 0, 0])).toBeUndefined();
  });

  it("are found among everything else that such a file may hold", () => {
    const text = `
      // message A {}
      /* message B {} */
      syntax = "proto2"; import public "message C {}"; package a . b;
      option java_package = 'message D {}';
      option (custom) = { text: "}" inner { value: 1 } };
      enum E { E_ZERO = 0 [(option) = { a: "}" }]; }
      message F {
        option deprecated = true;
        reserved 1 to 5, 9; reserved "message"; extensions 100 to max;
        required string message = 10 [default = "}; message G {}", (x) = { y: [1, 2] }];
        repeated group Result = 11 { optional string url = 1; message Deep {} }
        oneof choice { string one = 12; group Picked = 13 { optional int32 n = 1; } }
        map < string , .a.b.F > by_name2 = 14;
        enum Inner { ZERO = 0; }
        extend F { optional int32 more = 100; }
        message H { ; }
      };
      service S { rpc Do (F) returns (stream F) { option idempotency_level = IDEMPOTENT; } }
      extend F { optional string other = 101; }
      message message {}
    `.replace("a . b", "a.b");
    expect(messageNames(text).sorted).toEqual([
      "a.b.F",
      "a.b.F.ByName2Entry",
      "a.b.F.H",
      "a.b.F.Picked",
      "a.b.F.Result",
      "a.b.F.Result.Deep",
      "a.b.message",
    ]);
    expect(messageNames("message A {}").sorted).toEqual(["A"]);
    const visible = `edition = "2024"; export message A { local message B {} local enum C { D = 0; } local local = 1; export message = 2; }
      local message E {} export enum F { G = 0; } message H {}`;
    const { at, sorted } = messageNames(visible);
    expect(sorted).toEqual(["A", "A.B", "E", "H"]);
    expect([at([0, 0]), at([1]), at([2])]).toEqual(["A.B", "E", "H"]);
  });

  it("are found or refused in whatever text there is, soon", () => {
    const pieces = fc.constantFrom(
      "message",
      "A",
      "{",
      "}",
      ";",
      "map",
      "<",
      ">",
      "=",
      "1",
      "group",
      "oneof",
      "option",
      '"',
      "/*",
      "package",
      "extend",
      "[",
      "]",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 40 }).map((words) => words.join(" ")),
      fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => order.slice(from % order.length, to % order.length)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(["none", "KC_OPTION_INVALID"]).toContain(codeOf(text));
      }),
      { numRuns: 5000 },
    );
    expect(() => messageNames("message A {".repeat(100_000))).toThrow(/too many messages in each other/);
  });
});
