import type { KinesisRecord } from "@kinesis-connectors/core";
import type { Link, SpanContext } from "@opentelemetry/api";

import { EvenlySpread } from "../evenly-spread.js";

/** The most links of one span: the default limit of the SDKs (OpenTelemetry specification, `LinkCountLimit`). */
export const MAX_LINKS = 128;

/** Version 00 of W3C Trace Context: version, trace id, parent id, flags. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** The span that a `traceparent` header names; undefined where it is none (W3C Trace Context, "traceparent Header"). */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  if (typeof traceparent !== "string" || traceparent.length > 512) return undefined;
  const [, version, traceId = "", spanId = "", flags = "00"] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && traceparent.length !== 55))
    return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  // The parent is a span of another process.
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

/** Links to the spans that records come from: at most 128, evenly spread over what was seen. Of a record only its header is kept. */
export class Links {
  readonly #traceparentOf: (record: KinesisRecord) => string | undefined;
  readonly #contexts = new EvenlySpread<SpanContext>(2 * MAX_LINKS);

  constructor(traceparentOf: (record: KinesisRecord) => string | undefined) {
    this.#traceparentOf = traceparentOf;
  }

  add(record: KinesisRecord): void {
    const context = this.#of(record);
    if (context !== undefined) this.#contexts.add(context);
  }

  /** From the first that was kept to the last, in even steps. */
  links(): Link[] {
    const { kept } = this.#contexts;
    const count = Math.min(kept.length, MAX_LINKS);
    const step = count < 2 ? 0 : (kept.length - 1) / (count - 1);
    return Array.from({ length: count }, (_, index) => ({
      context: kept[Math.round(index * step)] as SpanContext,
    }));
  }

  /** What is wrong with a record's header, or with the function that looks for it, is no reason not to deliver it. */
  #of(record: KinesisRecord): SpanContext | undefined {
    try {
      return spanContextOf(this.#traceparentOf(record));
    } catch {
      return undefined;
    }
  }
}
