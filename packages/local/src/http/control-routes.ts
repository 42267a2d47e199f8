import type { FaultRule, Faults } from "../faults.js";
import { isServerName, type Journal, type ServerName } from "../journal.js";
import type { Exchange } from "./exchange.js";
import type { HeldPage } from "./held-page.js";
import { isOfPage } from "./own-callers.js";
import { readBody } from "./read-body.js";

const maxRulesBytes = 1024 * 1024;

function isRule(value: unknown): value is FaultRule {
  return typeof value === "object" && value !== null && "effect" in value;
}

function addRules(body: string, faults: Faults): readonly string[] {
  const parsed: unknown = JSON.parse(body);
  const rules: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return rules.map((rule) => {
    if (!isRule(rule)) throw new Error("a fault rule is an object with an effect");
    return faults.add(rule);
  });
}

/** What the routes show and steer. */
export interface ControlParts {
  readonly journal: Journal;
  readonly faults: Faults;
  readonly held?: Held;
}

/** What was put into a server. */
export interface Held {
  readonly server: ServerName;
  /** A part of what a delivery stream or a queue holds; undefined where there is none of that name. */
  readonly page: (name: string, after: string | null) => HeldPage | undefined;
}

/**
 * Answers `/_local/journal` (GET, DELETE) and `/_local/faults` (GET, POST, DELETE), on every server's port, and what a server shows of its own:
 * `/_local/firehose/NAME` and `/_local/sqs/NAME` (GET).
 * A page in a browser is refused: it would read every call, and set rules.
 *
 * @returns false when the request is none of these and has not been touched
 */
export async function answerControlRoute(
  exchange: Exchange,
  { journal, faults, held }: ControlParts,
): Promise<boolean> {
  const { request, response } = exchange;
  if (!request.url?.startsWith("/_local/")) return false;
  const url = new URL(request.url, "http://127.0.0.1");
  const send = (status: number, value: unknown): true => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(value));
    return true;
  };
  if (isOfPage(request)) {
    request.resume();
    return send(403, { message: "[local] /_local/ is not for pages in a browser: ask without an Origin" });
  }
  const body = await readBody(request, maxRulesBytes);
  const route = `${request.method ?? "GET"} ${url.pathname}`;
  if (route === "GET /_local/journal") {
    const server = url.searchParams.get("server");
    const operation = url.searchParams.get("operation");
    const after = url.searchParams.get("after");
    return send(
      200,
      journal.entries({
        ...(!isServerName(server) ? {} : { server }),
        ...(operation === null ? {} : { operation }),
        ...(after === null ? {} : { after: Number(after) }),
      }),
    );
  }
  if (route === "DELETE /_local/journal") {
    journal.clear();
    return send(200, {});
  }
  if (route === "GET /_local/faults") return send(200, faults.list());
  if (route === "POST /_local/faults") {
    try {
      return send(200, { ids: addRules((body ?? "").toString(), faults) });
    } catch (error) {
      return send(400, { message: error instanceof Error ? error.message : String(error) });
    }
  }
  if (route === "DELETE /_local/faults") {
    const id = url.searchParams.get("id");
    if (id === null) faults.clear();
    else if (!faults.remove(id)) return send(404, { message: `no fault rule is called ${id}` });
    return send(200, {});
  }
  const prefix = `GET /_local/${held?.server ?? ""}/`;
  if (held !== undefined && route.startsWith(prefix)) {
    const name = route.slice(prefix.length);
    const page = held.page(name, url.searchParams.get("after"));
    return page === undefined
      ? send(404, { message: `${held.server} has nothing that is called ${name}` })
      : send(200, page);
  }
  const own = held === undefined ? "" : `GET /_local/${held.server}/NAME, `;
  return send(404, {
    message: `known are ${own}GET|DELETE /_local/journal and GET|POST|DELETE /_local/faults`,
  });
}
