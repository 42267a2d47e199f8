import type { ClientHttp2Stream } from "node:http2";

import { NodeHttp2Handler } from "@smithy/node-http-handler";

// The KCL's window (amazon-kinesis-client, KinesisClientUtil). HTTP/2 begins with 64 KiB, of which each half that was read is told to
// the service in two messages; with 512 KiB reading a body takes less than half the CPU (bench/README.md), and 2 MiB/s, a shard's rate,
// still come over 250 ms of round trip. It is also what a subscription may have waiting in memory that nobody has asked for.
const WINDOW_BYTES = 512 * 1024;

/** The SDK's own HTTP/2, a session for each call, with room on the way for more than it is used to. */
export class WideHttp2 extends NodeHttp2Handler {
  constructor() {
    super({
      disableConcurrentStreams: true,
      nodeHttp2ConnectOptions: {
        settings: { initialWindowSize: WINDOW_BYTES },
        // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch it off for the whole process.
        rejectUnauthorized: true,
        minVersion: "TLSv1.2",
      },
    });
  }

  override async handle(
    ...call: Parameters<NodeHttp2Handler["handle"]>
  ): ReturnType<NodeHttp2Handler["handle"]> {
    const answer = await super.handle(...call);
    const body: unknown = answer.response.body;
    // The settings are those of streams; the session's own window has to be opened by hand.
    if (isHttp2Stream(body) && body.session?.destroyed === false) {
      body.session.setLocalWindowSize(WINDOW_BYTES);
    }
    return answer;
  }
}

function isHttp2Stream(body: unknown): body is ClientHttp2Stream {
  return typeof body === "object" && body !== null && "session" in body;
}
