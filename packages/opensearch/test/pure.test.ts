import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePositions } from "@kinesis-connectors/core";
import { bulkLinesOf } from "../src/bulk-body.js";
import type { BulkOperation } from "../src/bulk-body.js";
import { itemOutcomesOf, requestFailureOf } from "../src/failures.js";
import { indexNameProblem, indexNamerOf } from "../src/index-name.js";
import { positionId, sortablePosition } from "../src/positions.js";
import { splitIntoRequests } from "../src/requests.js";

describe("the splitter", () => {
  it("1,000,000 documents: every request is within both limits, or one document alone; nothing is lost, doubled or moved", () => {
    let seed = 1;
    const next = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed;
    };
    const items = Array.from({ length: 1_000_000 }, (_, place) => ({
      place,
      // Mostly small, now and then larger than a request.
      bytes: next() % 500 === 0 ? next() % 200_000 : next() % 2_000,
    }));
    const maxBytes = 100_000;
    const maxCount = 150;
    const requests = splitIntoRequests(items, { maxBytes, maxCount });
    let place = 0;
    // Gathered, because a million calls of expect would take minutes.
    const wrong: object[] = [];
    for (const [number, request] of requests.entries()) {
      let bytes = 0;
      for (const item of request) {
        if (item.place !== place) wrong.push({ number, expected: place, found: item.place });
        place += 1;
        bytes += item.bytes;
      }
      const within = request.length === 1 || (bytes <= maxBytes && request.length <= maxCount);
      const first = requests[number + 1]?.[0];
      const full = first === undefined || request.length === maxCount || bytes + first.bytes > maxBytes;
      if (request.length === 0 || !within || !full) wrong.push({ number, bytes, length: request.length });
    }
    expect(wrong).toEqual([]);
    expect(place).toBe(items.length);
  });

  it("holds for any sizes and limits", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 10 }),
        (all, maxBytes, maxCount) => {
          const items = all.map((bytes, place) => ({ bytes, place }));
          const requests = splitIntoRequests(items, { maxBytes, maxCount });
          expect(requests.flat()).toEqual(items);
          for (const request of requests) {
            const bytes = request.reduce((sum, item) => sum + item.bytes, 0);
            expect(request.length === 1 || (bytes <= maxBytes && request.length <= maxCount)).toBe(true);
          }
        },
      ),
    );
  });
});

describe("index names", () => {
  it.each([
    "",
    ".",
    "..",
    "_a",
    "-a",
    "+a",
    "Clicks",
    "a b",
    "a,b",
    "a/b",
    "a*",
    "a:b",
    "a#b",
    "ä".repeat(128),
    "a\n",
  ])("%j is none", (name) => {
    expect(indexNameProblem(name)).toBeDefined();
  });

  it.each(["{yyyy", "yyyy}", "a-{yy}", "a-{}", "a-{yyyy.mm}", "A-{yyyy}", "{dd}/{MM}", "a-{{yyyy}}"])(
    "the pattern %s is refused",
    (pattern) => {
      expect(() => indexNamerOf(pattern)).toThrow(/^index /u);
    },
  );

  it("any moment gives a good name", () => {
    const namer = indexNamerOf("clicks-{yyyy_MM}-x{dd.HH}");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (arrivalTimeMs) => {
        const name = namer({ arrivalTimeMs });
        expect(name).toMatch(/^clicks-\d{4}_\d\d-x\d\d\.\d\d$/u);
        expect(indexNameProblem(name)).toBeUndefined();
      }),
    );
  });
});

describe("positions", () => {
  const position = fc.record({
    sequenceNumber: fc.bigInt({ min: 0n, max: 10n ** 60n }).map(String),
    subSequenceNumber: fc.nat(),
  });

  it("sort as texts as they do in the shard", () => {
    fc.assert(
      fc.property(position, position, (one, other) => {
        const texts = [sortablePosition(one, 0), sortablePosition(other, 0)] as const;
        const order = texts[0] < texts[1] ? -1 : texts[0] === texts[1] ? 0 : 1;
        expect(order).toBe(Math.sign(comparePositions(one, other)));
      }),
    );
  });

  it("give each output an id of its own", () => {
    fc.assert(
      fc.property(position, fc.nat(5), position, fc.nat(5), (one, first, other, second) => {
        const same = comparePositions(one, other) === 0 && first === second;
        expect(positionId("s-1", one, first) === positionId("s-1", other, second)).toBe(same);
      }),
    );
  });
});

describe("bulk lines", () => {
  it("are two lines of JSON for any document, with the document in them", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (document, id) => {
        fc.pre(!Object.hasOwn(document, "p"));
        const json = JSON.stringify(document);
        for (const operation of ["index", "create", "guarded"] as const) {
          const guard = { field: "p", position: "1" };
          const lines = bulkLinesOf({ operation, index: "i", id, json, guard }).split("\n");
          expect(lines).toHaveLength(3);
          const [action, body] = lines.slice(0, 2).map((line): unknown => JSON.parse(line));
          expect(Object.values(action as object)[0]).toMatchObject({ _index: "i", _id: id });
          const plain: unknown = JSON.parse(json);
          const params = { position: "1", document: plain };
          expect(body).toMatchObject(operation === "guarded" ? { script: { params } } : (plain as object));
        }
      }),
    );
  });
});

const idsOf = (count: number): { readonly id: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${index}` }));
const about = (operation: BulkOperation) => ({
  operation,
  namedByRecord: false,
  positionField: undefined,
});

describe("answers", () => {
  it("are believed for the very documents that were sent: none fewer, none more, none of another, in their order", () => {
    const written = (...ids: readonly (string | undefined)[]) => ({
      items: ids.map((id) => ({ index: { status: 201, ...(id === undefined ? {} : { _id: id }) } })),
    });
    expect(itemOutcomesOf(written("0", "1"), idsOf(2), about("index"))).toHaveLength(2);
    // Who leaves the ids out is believed by the order.
    expect(itemOutcomesOf(written(undefined, undefined), idsOf(2), about("index"))).toHaveLength(2);
    for (const answer of [
      written("0"),
      written("0", "1", "2"),
      written("1", "0"),
      written("0", "7"),
      written("0", "0"),
    ])
      expect(itemOutcomesOf(answer, idsOf(2), about("index"))).toBeUndefined();
  });

  it("whatever comes instead of items is no answer", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(itemOutcomesOf(body, idsOf(3), about("index"))).toBeUndefined();
      }),
    );
    expect(itemOutcomesOf({ items: [{ index: { status: 201 } }] }, idsOf(2), about("index"))).toBeUndefined();
  });

  it("every status of an item has an outcome, and only successes and repeated creates are written", () => {
    const error = { type: "version_conflict_engine_exception", reason: "" };
    for (let status = 100; status < 600; status += 1) {
      for (const operation of ["index", "create", "guarded"] as const) {
        const [outcome] =
          itemOutcomesOf({ items: [{ x: { status, error } }] }, idsOf(1), about(operation)) ?? [];
        const written = (status >= 200 && status < 300) || (status === 409 && operation === "create");
        expect([status, operation, outcome?.kind === "written"]).toEqual([status, operation, written]);
      }
    }
  });

  it("an expired session is told from a lack of rights", () => {
    const expired = { message: "The security token included in the request is expired" };
    expect(requestFailureOf({ status: 403, body: expired }, about("index"))).toMatchObject({
      kind: "expired",
    });
    expect(
      requestFailureOf({ status: 403, body: { Message: "not authorized" } }, about("index")),
    ).toMatchObject({
      kind: "refused",
    });
  });
});
