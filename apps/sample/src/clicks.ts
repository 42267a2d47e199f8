import { seededNumbers } from "./seeded-numbers.js";

const PAGES = [
  "/",
  "/search",
  "/products",
  "/products/detail",
  "/basket",
  "/checkout",
  "/account",
  "/help",
  "/imprint",
];
const COUNTRIES = ["DE", "FR", "US", "JP", "BR", "IN", "GB", "SE", "NG", "AU"];
const REFERRERS = [
  "https://search.example/",
  "https://news.example/today",
  "https://mail.example/inbox",
  "direct",
];
const BROWSERS = ["Firefox/147.0", "Chrome/146.0.0.0", "Safari/20.1", "Edge/146.0.0.0"];
/** The moment of the first click: fixed, so that the same seed gives the same bytes. */
const FIRST_CLICK_MS = Date.UTC(2026, 0, 1);

/** Generates `count` click events of about 200 bytes as JSON lines; the same seed gives the same lines. */
export function* clicks(count: number, seed: number): Generator<Buffer, void> {
  const next = seededNumbers(seed);
  const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)] ?? "";
  let timeMs = FIRST_CLICK_MS;
  for (let id = 0; id < count; id += 1) {
    timeMs += Math.floor(next() * 20);
    const click = {
      id,
      time: new Date(timeMs).toISOString(),
      userId: `user-${Math.floor(next() * 50_000)}`,
      page: pick(PAGES),
      country: pick(COUNTRIES),
      referrer: pick(REFERRERS),
      browser: pick(BROWSERS),
      durationMs: Math.floor(next() * 30_000),
    };
    yield Buffer.from(JSON.stringify(click));
  }
}
