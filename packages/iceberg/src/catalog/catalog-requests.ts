import {
  cureAtProxy,
  describeAwsError,
  HttpHandler,
  limited,
  type ProxyOption,
  type RequestBounds,
} from "@kinesis-connectors/aws";
import { type Clock, KinesisConnectorError, stringifyJson } from "@kinesis-connectors/core";
import { type CatalogReply, readReply } from "./answers.js";
import type { CatalogAuthorization } from "./authorization.js";
import { type Failure, failureOf, neverArrived, outage, refusal, said } from "./failures.js";
import { createSigner, type Signer } from "./signing.js";
import { exchangedTokens, givenTokens, type Tokens } from "./tokens.js";

/** One request to the catalog. */
interface CatalogRequest {
  readonly method: "GET" | "POST";
  /** Behind the catalog's URI, encoded: `/v1/config`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Written digit for digit. */
  readonly body?: unknown;
  /** Its words in messages: "load sales.orders". */
  readonly what: string;
  readonly bounds: RequestBounds;
}

/** What became of a request that was answered. */
type CatalogAnswer =
  | { readonly type: "done"; readonly reply: CatalogReply }
  | { readonly type: "conflict" | "missing" }
  /** Only for requests that change something. */
  | { readonly type: "unknown"; readonly error: Error };

/** Sends requests, with who asks, and sorts their answers. */
export interface CatalogRequests {
  /**
   * Rejects with `KC_EMIT_REFUSED` for what no waiting mends and with any other error for an outage. A request that changes something (POST) does not
   * reject once it may have reached the catalog: `unknown` says so.
   */
  readonly send: (request: CatalogRequest) => Promise<CatalogAnswer>;
  readonly close: () => void;
}

/** How the catalog is reached. */
export interface Reach {
  readonly uri: URL;
  readonly authorization: CatalogAuthorization | undefined;
  readonly ca?: string | Buffer;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxSockets: number;
  readonly proxy?: ProxyOption;
}

/** How far one request has come. */
interface Progress {
  /** Whether the catalog may have it. */
  isUnderWay: boolean;
}

/** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option */
export function createRequests(reach: Reach): CatalogRequests {
  const { uri, authorization, ca, connectionTimeoutMs, requestTimeoutMs, maxSockets, proxy } = reach;
  const catalog = `the Iceberg catalog at ${uri.host}`;
  const handler = new HttpHandler({
    connectionTimeoutMs,
    requestTimeoutMs,
    maxConnections: maxSockets,
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  const identity = identityOf(reach, catalog, handler);

  /** Sends the request once, or with fresh keys, another token or another time once more: it was not carried out. */
  const attempt = async (
    request: CatalogRequest,
    abortSignal: AbortSignal,
    progress: Progress,
  ): Promise<CatalogAnswer> => {
    const isRepeat = { done: false };
    for (;;) {
      const { headers, token } = await identity.headersFor(request);
      progress.isUnderWay = true;
      const { response } = await handler.handle(wired(uri, request, headers), { abortSignal });
      const reply = readReply(response.statusCode, response.headers, response.body);
      if (reply.status >= 200 && reply.status < 300) return { type: "done", reply };
      progress.isUnderWay = false;
      const failure = failureOf(reply, { authorization, changes: request.method === "POST" });
      if (!isRepeat.done && identity.mends(failure, { reply, token, clock: request.bounds.clock })) {
        isRepeat.done = true;
        continue;
      }
      return answerOf(failure, reply, request);
    }
  };

  const answerOf = (failure: Failure, reply: CatalogReply, { what }: CatalogRequest): CatalogAnswer => {
    const { kind } = failure;
    if (kind === "conflict" || kind === "missing") return { type: kind };
    if (kind === "unknown")
      return { type: "unknown", error: outage(catalog, `say whether it did ${what}`, said(reply)) };
    if (kind === "refused") throw refusal(catalog, what, said(reply), failure.cure);
    if (kind === "clock") throw outage(catalog, what, `${said(reply)}: the machine's clock is off`);
    if (kind === "expired" && reply.status !== 419) throw refusal(catalog, what, said(reply), identity.cure);
    throw outage(catalog, what, said(reply));
  };

  return {
    send: async (request) => {
      const progress: Progress = { isUnderWay: false };
      const { what, bounds, method } = request;
      try {
        return await limited({ requestTimeoutMs }, bounds, (abortSignal) =>
          attempt(request, abortSignal, progress),
        );
      } catch (error) {
        if (KinesisConnectorError.isInstance(error)) throw error;
        const cure = cureAtProxy(error);
        const { code } = describeAwsError(error);
        if (cure !== undefined) throw refusal(catalog, what, code, cure);
        const isOpen = method === "POST" && progress.isUnderWay && !neverArrived(error);
        if (isOpen) return { type: "unknown", error: outage(catalog, `say whether it did ${what}`, code) };
        bounds.signal.throwIfAborted();
        throw error instanceof Error && error.name === "CatalogUnavailable"
          ? error
          : outage(catalog, what, code);
      }
    },
    close: () => handler.destroy(),
  };
}

/** A request that was answered, but not carried out. */
interface RefusedRequest {
  readonly reply: CatalogReply;
  readonly token: string | undefined;
  readonly clock: Clock;
}

/** Who asks, in headers. */
interface Identity {
  readonly headersFor: (
    request: CatalogRequest,
  ) => Promise<{ readonly headers: Readonly<Record<string, string>>; readonly token: string | undefined }>;
  /** Whether the request may do when it is sent again. */
  readonly mends: (failure: Failure, refused: RefusedRequest) => boolean;
  /** What to do when that did not help. */
  readonly cure: string;
}

function identityOf({ uri, authorization }: Reach, catalog: string, handler: HttpHandler): Identity {
  if (authorization === undefined)
    return {
      headersFor: (request) => Promise.resolve({ headers: plainHeaders(request), token: undefined }),
      mends: () => false,
      cure: "set `auth`",
    };
  if (authorization.type === "sigv4") return signedIdentity(uri, createSigner(authorization));
  const tokens =
    authorization.type === "bearer"
      ? givenTokens(authorization.token)
      : exchangedTokens(authorization, {
          catalog,
          post: postsForm(new URL(authorization.tokenUri ?? `${rootOf(uri)}/v1/oauth/tokens`), handler),
        });
  return tokenIdentity(tokens);
}

function tokenIdentity(tokens: Tokens): Identity {
  return {
    headersFor: async (request) => {
      const token = await tokens.token(request.bounds.clock);
      return { headers: { ...plainHeaders(request), authorization: `Bearer ${token}` }, token };
    },
    mends: (failure, { token }) => failure.kind === "expired" && tokens.renew(token),
    cure: "the token is not one that the catalog takes: correct `auth`",
  };
}

function signedIdentity(uri: URL, signer: Signer): Identity {
  return {
    headersFor: async (request) => {
      const { method, path, query = {} } = request;
      const unsigned = {
        ...originOf(uri),
        method,
        path: `${uri.pathname.replace(/\/+$/, "")}${path}`,
        query,
        headers: plainHeaders(request),
        body: bodyOf(request),
      };
      const headers = await signer.sign(unsigned, request.bounds.clock);
      return { headers, token: undefined };
    },
    mends: (failure, { reply, clock }) => {
      if (failure.kind === "expired") return signer.renew();
      const serviceMs = Date.parse(reply.headers["date"] ?? "");
      if (failure.kind !== "clock" || Number.isNaN(serviceMs)) return false;
      signer.setAhead(serviceMs - clock.now());
      return true;
    },
    cure: "renew the session's credentials",
  };
}

function plainHeaders({ body }: CatalogRequest): Readonly<Record<string, string>> {
  return {
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
}

function bodyOf({ body }: CatalogRequest): string | undefined {
  return body === undefined ? undefined : stringifyJson(body);
}

type WiredRequest = Parameters<HttpHandler["handle"]>[0];

function wired(uri: URL, request: CatalogRequest, headers: Readonly<Record<string, string>>): WiredRequest {
  const query = String(new URLSearchParams(request.query ?? {})).replaceAll("+", "%20");
  const path = `${uri.pathname.replace(/\/+$/, "")}${request.path}${query === "" ? "" : `?${query}`}`;
  return { ...originOf(uri), method: request.method, path, headers, body: bodyOf(request) };
}

function postsForm(to: URL, handler: HttpHandler): (form: string) => Promise<CatalogReply> {
  return async (form) => {
    const { response } = await handler.handle({
      ...originOf(to),
      method: "POST",
      path: `${to.pathname}${to.search}`,
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: form,
    });
    return readReply(response.statusCode, response.headers, response.body);
  };
}

function originOf({ protocol, hostname, port }: URL): Pick<WiredRequest, "protocol" | "hostname" | "port"> {
  return { protocol, hostname, ...(port === "" ? {} : { port: Number(port) }) };
}

function rootOf(uri: URL): string {
  return uri.href.replace(/\/+$/, "");
}
