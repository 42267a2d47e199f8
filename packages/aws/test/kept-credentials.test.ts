import { virtualClock } from "@kinesis-connectors/testkit";
import { expect, it } from "vitest";
import { identityFailureOf } from "../src/aws-error.js";
import type { AwsCredentials } from "../src/credentials.js";
import { keptCredentials } from "../src/kept-credentials.js";

type Given = AwsCredentials | Promise<AwsCredentials>;

/** Credentials that are kept of what a source gives, one answer after the other, and how often it was asked. */
function keptOf(...answers: (() => Given)[]) {
  const clock = virtualClock();
  let asked = 0;
  const fetch = async (): Promise<AwsCredentials> => {
    asked += 1;
    const answer = answers[Math.min(asked, answers.length) - 1];
    return answer === undefined ? await never() : await answer();
  };
  const credentials = keptCredentials(fetch, clock);
  const keys = (accessKeyId: string, forMs?: number): AwsCredentials => ({
    accessKeyId,
    secretAccessKey: "secret",
    ...(forMs === undefined ? {} : { expiration: new Date(clock.now() + forMs) }),
  });
  return { clock, credentials, keys, answers, asked: () => asked };
}

const never = () => new Promise<AwsCredentials>(() => undefined);
const away = () => Promise.reject(new Error("away"));

it("a source that never answers is given up, and asked anew by the next request", async () => {
  const { clock, credentials, keys, answers, asked } = keptOf(never);
  answers.push(() => keys("two"));
  const both = Promise.allSettled([credentials(), credentials()]);
  await clock.advance(29_999);
  expect(asked()).toBe(1);
  const late = { name: "CredentialsProviderError", message: expect.stringContaining("30 s") };
  expect(await clock.run(both)).toMatchObject([{ reason: late }, { reason: late }]);
  expect(await credentials()).toMatchObject({ accessKeyId: "two" });
  expect(clock.pendingTimers()).toBe(0);
});

it("an answer that comes after it was given up serves, unless a later one is there", async () => {
  const slow: ((keys: AwsCredentials) => void)[] = [];
  const slowly = () => new Promise<AwsCredentials>((resolve) => slow.push(resolve));
  const { clock, credentials, keys, asked } = keptOf(slowly, slowly, away);
  await expect(clock.run(credentials())).rejects.toThrow("30 s");
  slow[0]?.(keys("late"));
  await clock.advance(0);
  expect(await credentials()).toMatchObject({ accessKeyId: "late" });
  const renewed = credentials({ forceRefresh: true });
  await expect(clock.run(renewed)).rejects.toThrow("30 s");
  expect(await credentials()).toMatchObject({ accessKeyId: "late" });
  expect(asked()).toBe(2);
});

it("are fetched anew before they expire, and serve meanwhile, whatever becomes of that", async () => {
  const { clock, credentials, keys, answers, asked } = keptOf();
  answers.push(
    () => keys("one", 600_000),
    away,
    () => keys("two", 600_000),
  );
  const one = await credentials();
  await clock.advance(300_001);
  expect(await credentials()).toBe(one);
  expect(await credentials()).toBe(one);
  await clock.advance(0);
  expect(asked()).toBe(2);
  await clock.advance(1_000);
  expect(await credentials()).toBe(one);
  await clock.advance(0);
  expect(await credentials()).toMatchObject({ accessKeyId: "two" });
  expect(asked()).toBe(3);
});

it("once they have expired, a source that is away is told to who asks", async () => {
  const { clock, credentials, keys, answers } = keptOf();
  answers.push(() => keys("one", 1_000), away);
  await credentials();
  await clock.advance(1_000);
  await expect(credentials()).rejects.toThrow("away");
});

it("what a service said that was asked for credentials is no answer to the request", async () => {
  const said = Object.assign(new Error("Couldn't retrieve verification key from your identity provider"), {
    name: "InvalidIdentityTokenException",
    $metadata: { httpStatusCode: 400 },
    $response: { body: "token" },
  });
  const { credentials } = keptOf(() => Promise.reject(said));
  const error: unknown = await credentials().catch((thrown: unknown) => thrown);
  expect(identityFailureOf(error)).toBe("absent");
  expect(error).not.toHaveProperty("$metadata");
  expect(String(error)).toContain("InvalidIdentityTokenException: Couldn't retrieve verification key");
});

it("a thousand requests that are refused at once ask the source once, and the same keys stay the same object", async () => {
  const { clock, credentials, keys, answers, asked } = keptOf();
  answers.push(() => keys("one"));
  const one = await credentials();
  const force = { forceRefresh: true };
  const renewed = await Promise.all(Array.from({ length: 1_000 }, () => credentials(force)));
  expect(new Set([one, ...renewed]).size).toBe(1);
  await credentials(force);
  expect(asked()).toBe(2);
  answers.push(() => keys("two"));
  await clock.advance(1_000);
  expect(await credentials(force)).toMatchObject({ accessKeyId: "two" });
});
