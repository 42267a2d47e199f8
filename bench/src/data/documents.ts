/** The document in each record of the sets of one form. */
export interface Order {
  readonly id: number;
  readonly status: "paid" | "open";
  readonly customer: string;
  readonly total: number;
  readonly note: string;
}

const SYLLABLES = ["ka", "ne", "sis", "tor", "mi", "lo", "ran", "dev", "pu", "shi", "en", "gar", "el", "wo"];

/**
 * How documents look. `uniform`: one form, one length, the member that filters look at in second place. `varied`: four forms, an object or a list
 * before that member or none, the member last, members that come and go, 0.6 to 1.4 times the length, some accents and some escapes. `nested`: always an
 * object before the member.
 */
export type Form = "uniform" | "varied" | "nested";

/** Makes one document. Words and not repetitions, because those flatter compressors and the interning of strings. */
export function document(form: Form, id: number, bytes: number, next: () => number): Buffer {
  const isUniform = form === "uniform";
  const targetBytes = isUniform ? bytes : Math.floor(bytes * (0.6 + 0.8 * next()));
  const status = next() < 0.5 ? "paid" : "open";
  const customer = isUniform
    ? word(next)
    : `${word(next)}${next() < 0.05 ? "é" : ""}${next() < 0.03 ? '"x' : ""}`;
  const total = Math.floor(next() * 1e6) / 100;
  const order: Order = { id, status, customer, total, note: "" };
  const shaped = isUniform ? order : inForm(form === "nested" ? 1 : Math.floor(next() * 4), order, next);
  const note = filling(targetBytes - Buffer.byteLength(JSON.stringify(shaped)), next);
  return Buffer.from(JSON.stringify({ ...shaped, note }));
}

function inForm(form: number, order: Order, next: () => number): Order {
  const { id, status, customer, total, note } = order;
  switch (form) {
    case 0:
      return order;
    case 1: {
      const meta = { source: word(next), seq: id % 7, ok: next() < 0.5 };
      return { meta, id, customer, status, total, note } as Order;
    }
    case 2:
      return { id, customer, total, tags: [word(next), word(next)], note, status } as Order;
    default:
      return {
        type: word(next),
        id,
        ...(next() < 0.5 ? { ref: null } : {}),
        total,
        status,
        ...(next() < 0.5 ? { country: "DE" } : {}),
        customer,
        note,
      } as Order;
  }
}

/** A word of two to four syllables. */
export function word(next: () => number): string {
  const syllables = 2 + Math.floor(next() * 3);
  let text = "";
  for (let index = 0; index < syllables; index += 1)
    text += SYLLABLES[Math.floor(next() * SYLLABLES.length)] ?? "";
  return text;
}

function filling(length: number, next: () => number): string {
  let text = word(next);
  while (text.length < length) text += ` ${word(next)}`;
  return text.slice(0, Math.max(0, length));
}

/** Documents of 200 bytes without end, none like another. The same seed gives the same. */
export function* documents(seed: number): Generator<Buffer, never> {
  const next = seeded(seed);
  for (let id = 0; ; id += 1) yield document("uniform", id, 200, next);
}

/** mulberry32, a well-known generator of 32 bits: fixed, because two processes must make the same records. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
