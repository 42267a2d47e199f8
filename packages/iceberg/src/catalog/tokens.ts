import { invalidOption, type Clock } from "@kinesis-connectors/core";
import { memberOf, type CatalogReply } from "./answers.js";
import { isToken, type ClientCredentialsOptions, type TokenSource } from "./authorization.js";
import { outage, refusal, said } from "./failures.js";

/** Gives the token that requests are sent with. */
export interface Tokens {
  readonly token: (clock: Clock) => Promise<string>;
  /** The token was refused as over. False where no other can be had. */
  readonly renew: (refused: string | undefined) => boolean;
}

/** A token is fetched anew after this part of its life. */
const RENEWED_AFTER = 0.9;

export function givenTokens(source: TokenSource): Tokens {
  if (typeof source === "string") return { token: () => Promise.resolve(source), renew: () => false };
  return {
    token: async () => {
      const token: unknown = await source();
      if (typeof token !== "string" || !isToken(token))
        throw invalidOption("the function given to bearer() must give a token");
      return token;
    },
    renew: () => true,
  };
}

/** Sends the form of a token request, to where tokens are given. */
export type PostForm = (form: string) => Promise<CatalogReply>;

export function exchangedTokens(
  { clientId, clientSecret, scope = "catalog" }: ClientCredentialsOptions,
  { catalog, post }: { readonly catalog: string; readonly post: PostForm },
): Tokens {
  let kept: { readonly token: string; readonly renewAt: number } | undefined;
  // Requests that come together wait for one exchange.
  let underWay: Promise<string> | undefined;

  const exchange = async (clock: Clock): Promise<string> => {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
      scope,
    });
    const reply = await post(String(form));
    const what = "give a token";
    if (reply.status === 429 || reply.status === 408 || reply.status >= 500)
      throw outage(catalog, what, said(reply));
    const cure = "correct `clientId`, `clientSecret`, `scope` and `tokenUri`";
    if (reply.status !== 200) throw refusal(catalog, what, said(reply), cure);
    const token = memberOf(reply.body, "access_token");
    if (typeof token !== "string" || !isToken(token))
      throw refusal(catalog, what, "the answer has none", cure);
    const seconds = memberOf(reply.body, "expires_in");
    const livesMs = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
    kept = { token, renewAt: clock.now() + livesMs * RENEWED_AFTER };
    return token;
  };

  return {
    token: async (clock) => {
      if (kept !== undefined && clock.now() < kept.renewAt) return kept.token;
      underWay ??= exchange(clock).finally(() => {
        underWay = undefined;
      });
      return await underWay;
    },
    renew: (refused) => {
      // Another request may have fetched one in the meantime.
      if (kept?.token === refused) kept = undefined;
      return true;
    },
  };
}
