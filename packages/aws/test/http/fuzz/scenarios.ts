/** One answer of a server, and what the server or the client does to it. Everything follows from its number. */
export interface Scenario {
  readonly nth: number;
  /**
   * - `whole`: the answer comes, in pieces.
   * - `malformed`: it is none.
   * - `cut-off`, `reset`: the connection ends within it, in order or not.
   * - `surplus`: bytes follow it in the same write; `repeat`: it is sent once more, some turns later.
   * - `abort`: the client gives up after some of the pieces; the server sends the others nevertheless.
   * - `early`: it comes before the request, which is large, has been read; no more of it is.
   */
  readonly kind: "whole" | "malformed" | "cut-off" | "reset" | "surplus" | "repeat" | "abort" | "early";
  readonly pieces: readonly Buffer[];
  /** Of `abort`: how many pieces are written before. Of `repeat`: turns of the event loop before it is sent again. */
  readonly after: number;
  /** Whether the connection may carry the next request, where nothing goes wrong. */
  readonly isKept: boolean;
}

/** Beyond this an answer may come in several reads though it was written at once. */
export const ONE_READ_BYTES = 4_000;

const KINDS: readonly Scenario["kind"][] = [
  ...Array.from({ length: 8 }, () => "whole" as const),
  ...Array.from({ length: 2 }, () => "cut-off" as const),
  ...Array.from({ length: 2 }, () => "reset" as const),
  ...Array.from({ length: 3 }, () => "surplus" as const),
  ...Array.from({ length: 3 }, () => "repeat" as const),
  ...Array.from({ length: 2 }, () => "abort" as const),
  "malformed",
];

/** Heads and chunks that Node's parser refuses, each for a reason of its own. */
const MALFORMED: readonly string[] = [
  "SSH-2.0-OpenSSH\r\n\r\n",
  "HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nnonsense\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\na b: c\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\na : c\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\n: c\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\na: b\0\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\na: b\rcontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\na: b\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\na: b\u0001\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!",
  "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
  "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2 \r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n",
];

/** Small answers that are cut at every byte, one after the other. */
const CUT_EVERYWHERE: readonly string[] = [
  "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nx-a: b\r\n\r\n0123456",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\nx-t: u\r\n\r\n",
];
const CUTS: readonly (readonly Buffer[])[] = CUT_EVERYWHERE.flatMap((text) => {
  const bytes = Buffer.from(text);
  return Array.from({ length: bytes.length - 1 }, (_, at) => [
    bytes.subarray(0, at + 1),
    bytes.subarray(at + 1),
  ]);
});

/** The scenario of a number. The first few hundred cut small answers at every byte; every 250th comes early. */
export function scenarioOf(nth: number): Scenario {
  const cut = CUTS[nth];
  if (cut !== undefined) return { nth, kind: "whole", pieces: cut, after: 0, isKept: true };
  const pick = picking(nth);
  const kind = nth % 250 === 0 ? "early" : (KINDS[pick(KINDS.length)] ?? "whole");
  if (kind === "malformed") {
    const bytes = Buffer.from(MALFORMED[pick(MALFORMED.length)] ?? "", "latin1");
    return { nth, kind, pieces: cutUp(bytes, pick), after: 0, isKept: false };
  }
  // An answer without a length ends where its connection ends: nothing is behind it, and a reset may look like an end (libuv takes a hang-up for one).
  const isFramed = kind === "surplus" || kind === "reset";
  const { bytes, isKept } = answerOf(nth, pick, isFramed ? FRAMINGS.slice(0, 3) : FRAMINGS);
  switch (kind) {
    case "cut-off":
    case "reset":
      return {
        nth,
        kind,
        pieces: cutUp(bytes.subarray(0, pick(bytes.length)), pick),
        after: 0,
        isKept: false,
      };
    case "surplus": {
      const last = 1 + pick(Math.min(bytes.length, 50));
      const end = Buffer.concat([bytes.subarray(bytes.length - last), surplusOf(bytes, pick)]);
      return {
        nth,
        kind,
        pieces: [...cutUp(bytes.subarray(0, bytes.length - last), pick), end],
        after: 0,
        isKept: false,
      };
    }
    default: {
      const pieces = cutUp(bytes, pick);
      return { nth, kind, pieces, after: pick(kind === "abort" ? pieces.length : 5), isKept };
    }
  }
}

/** Numbers below a bound, the same for the same seed (mulberry32). */
function picking(seed: number): (below: number) => number {
  let state = (seed + 1) * 0x9e3779b9;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

type Pick = ReturnType<typeof picking>;

/** Sizes around those of buffers, and any small one. */
function sizeOf(pick: Pick): number {
  const edges = [0, 1, 15, 16, 17, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 262_144, 300_000];
  return pick(4) === 0 ? (edges[pick(edges.length)] ?? 0) : pick(2_000);
}

const FRAMINGS = ["length", "length", "chunked", "until-close"] as const;

function answerOf(
  nth: number,
  pick: Pick,
  framings: readonly (typeof FRAMINGS)[number][],
): { readonly bytes: Buffer; readonly isKept: boolean } {
  const parts: Buffer[] = [];
  const interim = ["100 Continue", "102 Processing", "103 Early Hints"];
  for (let left = pick(6) === 0 ? 1 + pick(3) : 0; left > 0; left -= 1)
    parts.push(Buffer.from(`HTTP/1.1 ${interim[pick(3)]}\r\nx-interim: ${left}\r\n\r\n`));
  const isEmpty = pick(10) === 0;
  const status = isEmpty
    ? ["204 No Content", "304 Not Modified"][pick(2)]
    : ["200 OK", "400 Bad Request", "500", "503 Service Unavailable"][pick(4)];
  const framing = isEmpty ? "none" : framings[pick(framings.length)];
  const isOld = framing === "length" && pick(12) === 0;
  const closing = pick(8);
  const lines = [
    `HTTP/1.${isOld ? 0 : 1} ${status}`,
    `x-amzn-requestid: answer-${nth}`,
    `X-Twice:  one\t`,
    `x-twice:two`,
    "x-none:",
    `x-latin: \u00e4\u00a0`,
  ];
  if (closing === 0) lines.push("Connection: Close");
  if (closing === 1) lines.push("connection: keep-alive");
  const body = framing === "none" ? Buffer.alloc(0) : Buffer.alloc(sizeOf(pick), `body of ${nth}; `);
  if (framing === "length") lines.push(`Content-Length: ${body.length}`);
  if (framing === "chunked") lines.push("transfer-encoding: chunked");
  parts.push(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  parts.push(...(framing === "chunked" ? chunksOf(body, pick) : [body]));
  const isKept = closing !== 0 && framing !== "until-close" && (!isOld || closing === 1);
  return { bytes: Buffer.concat(parts), isKept };
}

function chunksOf(body: Buffer, pick: Pick): Buffer[] {
  const parts: Buffer[] = [];
  const most = body.length > 10_000 ? 100_000 : 1 + pick(600);
  for (let at = 0; at < body.length;) {
    const size = Math.min(1 + pick(most), body.length - at);
    const hex = size.toString(16);
    parts.push(
      Buffer.from(
        `${"0".repeat(pick(4))}${pick(2) === 0 ? hex : hex.toUpperCase()}${pick(5) === 0 ? ";a=b" : ""}\r\n`,
      ),
      body.subarray(at, at + size),
      Buffer.from("\r\n"),
    );
    at += size;
  }
  parts.push(
    Buffer.from(`${"0".repeat(1 + pick(3))}\r\n${pick(4) === 0 ? "x-trailer: 1\r\nx-other:\r\n" : ""}\r\n`),
  );
  return parts;
}

/** An answer that looks like one, the same answer, or a few bytes. */
function surplusOf(answer: Buffer, pick: Pick): Buffer {
  const kinds = [
    () => Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"),
    () => answer,
    () => Buffer.from("\r\n"),
    () => Buffer.from("x"),
    () => Buffer.from("\0"),
  ];
  return (kinds[pick(kinds.length)] ?? (() => answer))();
}

/** In one piece, or in some. */
function cutUp(bytes: Buffer, pick: Pick): readonly Buffer[] {
  if (bytes.length === 0) return [];
  const places = Array.from({ length: pick(3) * pick(3) }, () => pick(bytes.length)).sort((a, b) => a - b);
  let from = 0;
  return [...places, bytes.length]
    .map((end) => bytes.subarray(from, (from = end)))
    .filter(({ length }) => length > 0);
}
