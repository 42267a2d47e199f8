import { systemClock } from "@kinesis-connectors/core";
import type { ChannelMessage } from "@kinesis-connectors/consumer";
import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { messagingAttributes, type Tracing } from "./batch-trace.js";

const CHANNEL = "kinesis-connectors:page-read";

/** Makes a span of each page of a connector whose batches come here. Returns what ends it. */
export function receiveSpans(
  { api, tracer }: Tracing,
  isOurs: (of: { readonly application: string; readonly stream: string }) => boolean,
): () => void {
  const onPage = (message: unknown): void => {
    const { application, stream, event } = message as ChannelMessage;
    if (event.type !== "page-read" || !isOurs({ application, stream })) return;
    const endMs = systemClock.now();
    const span = tracer.startSpan(
      `receive ${stream}`,
      {
        kind: api.SpanKind.CONSUMER,
        root: true,
        startTime: new Date(endMs - event.durationMs),
        attributes: {
          ...messagingAttributes({ application, stream, shardId: event.shardId }, "receive"),
          "messaging.batch.message_count": event.records,
        },
      },
      api.ROOT_CONTEXT,
    );
    span.end(new Date(endMs));
  };
  subscribe(CHANNEL, onPage);
  return () => void unsubscribe(CHANNEL, onPage);
}
