// Imported before everything else by the process that is measured, its threads and the Node processes that it starts: whatever a pipeline
// does there, it reaches nobody but the servers that are named in KINESIS_CONNECTORS_ESTIMATE_ALLOW.
import dgram from "node:dgram";
import { Socket } from "node:net";
import { allowedServers, placeOf, refusal, refused } from "./refused.js";

const allowed = allowedServers();
// oxlint-disable-next-line typescript/unbound-method -- called on the socket that it is called for
const connect = Socket.prototype.connect as (this: Socket, ...given: unknown[]) => Socket;

Socket.prototype.connect = function (this: Socket, ...given: unknown[]): Socket {
  const place = placeOf(given);
  if (allowed.has(place)) return connect.apply(this, given);
  refused.add(place);
  process.nextTick(() => this.destroy(refusal(place)));
  return this;
};

const sendNothing = (): never => {
  refused.add("a datagram");
  throw refusal("a datagram");
};
dgram.Socket.prototype.send = sendNothing;
dgram.Socket.prototype.connect = sendNothing;
