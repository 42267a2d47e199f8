import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock, Random } from "../clock.js";
import type { LoopbackRequest } from "../http/exchange.js";
import type { JsonObject } from "../json-values.js";
import { IcebergError } from "./errors.js";
import { checkSignature } from "./signature.js";

/** Who may call the catalog. */
export type IcebergAuthorization =
  /** Who sends `Authorization: Bearer <token>`. */
  | { readonly type: "bearer"; readonly token: string }
  /** Who exchanged these at `/v1/oauth/tokens` for a token, which lives for `tokenLifetimeMs` (default one hour). */
  | {
      readonly type: "oauth2";
      readonly clientId: string;
      readonly clientSecret: string;
      readonly tokenLifetimeMs?: number;
    }
  /** Who signs for this service (`glue`, `s3tables`) with the secret `local` by Signature Version 4. */
  | { readonly type: "sigv4"; readonly service: string };

/** An answer of the token endpoint, whose errors have a form of their own (RFC 6749 section 5.2). */
interface TokenAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** The door of one catalog. */
export interface Door {
  /** @throws {IcebergError} 401 `NotAuthorizedException`, 403 `ForbiddenException` for a wrong signature */
  readonly check: (request: LoopbackRequest, body: Buffer) => void;
  readonly exchange: (request: LoopbackRequest, body: Buffer) => TokenAnswer;
}

const HOUR_MS = 60 * 60_000;

export function createDoor(
  authorization: IcebergAuthorization | undefined,
  { clock, random, region }: { readonly clock: Clock; readonly random: Random; readonly region: string },
): Door {
  const expiryOf = new Map<string, number>();
  const isValid = (token: string): boolean => {
    if (authorization?.type === "bearer") return same(token, authorization.token);
    return (expiryOf.get(token) ?? 0) > clock.now();
  };
  return {
    check: (request, body) => {
      if (authorization === undefined) return;
      if (authorization.type === "sigv4") {
        checkSignature(request, body, { service: authorization.service, region, now: clock.now() });
        return;
      }
      const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
      if (token === undefined || !isValid(token))
        throw new IcebergError("NotAuthorizedException", "Not authorized to make this request");
    },
    exchange: (request, body) => {
      if (authorization?.type !== "oauth2")
        return tokenError(400, "unsupported_grant_type", "this catalog gives no tokens");
      const form = new URLSearchParams(body.toString());
      if (form.get("grant_type") !== "client_credentials")
        return tokenError(400, "unsupported_grant_type", "only client_credentials is emulated");
      const { id, secret } = clientOf(request, form);
      if (!same(id, authorization.clientId) || !same(secret, authorization.clientSecret))
        return tokenError(401, "invalid_client", "Credentials given were invalid");
      const token = random.hex(32);
      const lifetimeMs = authorization.tokenLifetimeMs ?? HOUR_MS;
      expiryOf.set(token, clock.now() + lifetimeMs);
      return {
        status: 200,
        body: { access_token: token, token_type: "bearer", expires_in: Math.floor(lifetimeMs / 1000) },
      };
    },
  };
}

function tokenError(status: number, error: string, description: string): TokenAnswer {
  return { status, body: { error, error_description: description } };
}

/** RFC 6749 section 2.3.1: HTTP Basic, its halves form-encoded, or in the body. */
function clientOf(
  request: LoopbackRequest,
  form: URLSearchParams,
): { readonly id: string; readonly secret: string } {
  const [, basic] = /^Basic (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (basic === undefined)
    return { id: form.get("client_id") ?? "", secret: form.get("client_secret") ?? "" };
  const [id = "", secret = ""] = Buffer.from(basic, "base64").toString().split(":").map(formDecoded);
  return { id, secret };
}

function formDecoded(half: string): string {
  return new URLSearchParams(`v=${half}`).get("v") ?? "";
}

function same(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
