import { describe, expect, expectTypeOf, it } from "vitest";
import {
  definePipeline,
  type Emitter,
  json,
  type Logger,
  type MaybePromise,
  type Pipeline,
  type Transformer,
} from "../src/index.js";

interface Order {
  readonly id: string;
  readonly total: number;
}
interface Row {
  readonly pk: string;
  readonly total: number;
}
const emitter: Emitter<Row, { readonly key: string }> = {
  capabilities: { duplicates: "none", ordering: "shard" },
  plan: (batch) => ({ key: batch.batchId }),
  emit: () => Promise.resolve({ failed: [] }),
};

/** The shape of a pino logger: overloads, and more than is asked for. */
interface PinoLike {
  level: string;
  debug: PinoFunction;
  info: PinoFunction;
  warn: PinoFunction;
  error: PinoFunction;
  fatal: PinoFunction;
}
interface PinoFunction {
  (fields: object, message?: string, ...values: unknown[]): void;
  (message: string, ...values: unknown[]): void;
}

describe("types, end to end", () => {
  it("run from the transformer's model to the filter and from its output to the emitter", () => {
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => ({ pk: order.id, total: order.total })),
      filter: (order) => order.total > 0,
      emitter,
    });
    expectTypeOf(pipeline).toEqualTypeOf<Pipeline<Order, Row, { readonly key: string }>>();
  });

  it("refuse an output that the emitter cannot write, on the transformer's own line", () => {
    const pipelines = [
      definePipeline({
        // @ts-expect-error the emitter wants a Row, and this has no pk
        transformer: json<Order>().to((order) => ({ id: order.id })),
        filter: (order) => order.total > 0,
        emitter,
      }),
      definePipeline({
        // @ts-expect-error an Order is not a Row
        transformer: json<Order>(),
        emitter,
      }),
    ];
    expect(pipelines).toHaveLength(2);
  });

  it("refuse a filter over another model", () => {
    const pipeline = definePipeline({
      transformer: json<Order>().to((order) => ({ pk: order.id, total: order.total })),
      // @ts-expect-error an Order has no colour
      filter: (order: { readonly colour: string }) => order.colour === "red",
      emitter,
    });
    expect(pipeline.emitter.capabilities).toBe(emitter.capabilities);
  });

  it("refuse an emitter whose function takes less than any output, because members are properties and not methods", () => {
    const narrow = {
      ...emitter,
      emit: (batch: { readonly entries: readonly { output: Row & { extra: 1 } }[] }) =>
        Promise.resolve({ failed: batch.entries.slice(0, 0) }),
    };
    // @ts-expect-error method syntax would have let this pass
    const wide: Emitter<Row, { readonly key: string }> = narrow;
    expectTypeOf(wide).toEqualTypeOf<Emitter<Row, { readonly key: string }>>();
  });

  it("take console and a pino logger as they are", () => {
    expectTypeOf<Console>().toExtend<Logger>();
    expectTypeOf<PinoLike>().toExtend<Logger>();
    expectTypeOf(definePipeline({ transformer: json<Row>(), emitter, logger: console })).toExtend<object>();
  });

  it("let functions of a transformer return a value or a promise of it", () => {
    expectTypeOf<Transformer<Order, Row>["fromModel"]>().returns.toEqualTypeOf<MaybePromise<Row>>();
  });
});
