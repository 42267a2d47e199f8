/** What stands where a secret was. */
export const HIDDEN = "***";

/** Shorter texts are in too much that is no secret. */
const MIN_LENGTH = 4;

/** Hides secrets in a message that somebody else wrote. */
export function withoutSecrets(message: string, secrets: readonly string[]): string {
  let hidden = withoutUserInfo(message);
  // The longest first: one may be the start of another.
  for (const secret of [...secrets].sort((one, other) => other.length - one.length))
    if (secret.length >= MIN_LENGTH) hidden = hidden.replaceAll(secret, HIDDEN);
  return hidden;
}

/** Hides user and password of URLs in a text. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@]{1,1000}@/gi, `$1${HIDDEN}@`);
}
