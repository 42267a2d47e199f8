import { type Channel, channel } from "node:diagnostics_channel";

import type { ConnectorEvent } from "./events.js";

/** The message on the channels `kinesis-connectors:<event type>` of `node:diagnostics_channel`: an event, and whose it is. */
export interface ChannelMessage<Event extends ConnectorEvent = ConnectorEvent> {
  readonly application: string;
  readonly stream: string;
  /** Names the connector's start in the lease table: two connectors of one process differ by it. */
  readonly ownerId: string;
  readonly event: Event;
}

/** By the type of the event. Kept for the life of the process: Node forgets a channel that nobody holds. */
const channels = new Map<ConnectorEvent["type"], Channel>();

/** Publishes events to whoever in this process has subscribed to their channel. Nothing is built for a channel without subscribers. */
export class EventChannels {
  readonly #of: Omit<ChannelMessage, "event">;

  constructor({ application, stream, ownerId }: Omit<ChannelMessage, "event">) {
    this.#of = { application, stream, ownerId };
  }

  publish(event: ConnectorEvent): void {
    let found = channels.get(event.type);
    if (found === undefined) {
      found = channel(`kinesis-connectors:${event.type}`);
      channels.set(event.type, found);
    }
    if (found.hasSubscribers) found.publish({ ...this.#of, event } satisfies ChannelMessage);
  }
}
