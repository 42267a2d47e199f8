import type { Logger } from "@kinesis-connectors/core";
import type { SpanContext } from "@opentelemetry/api";

/** A logger whose lines name the span they were written in. */
export function tracedLogger(logger: Logger, { traceId, spanId }: SpanContext): Logger {
  const named = (fields: object): object => ({ ...fields, trace_id: traceId, span_id: spanId });
  return {
    debug: (fields, message) => logger.debug(named(fields), message),
    info: (fields, message) => logger.info(named(fields), message),
    warn: (fields, message) => logger.warn(named(fields), message),
    error: (fields, message) => logger.error(named(fields), message),
  };
}
