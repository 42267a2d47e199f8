import type { ConsoleProcess } from "@kinesis-connectors/console";
import { type Clock, sleep } from "@kinesis-connectors/core";
import type { RemoteProcess } from "./remote-address.js";

const TIMEOUT_MS = 2_000;

/** The state of thousands of shards; whoever answers more is no admin server. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What a process tells of an application, by `/api/v1/connectors` of its admin server. Never rejects: that it does not answer is an answer. */
export async function remoteProcesses(
  remote: RemoteProcess,
  application: string,
  clock: Clock,
): Promise<readonly ConsoleProcess[]> {
  const { url } = remote;
  try {
    const { connectors } = (await ask(remote, "/api/v1/connectors", clock)) as {
      readonly connectors: readonly { readonly name: string }[];
    };
    const states = await Promise.all(
      connectors.map(
        async ({ name }) =>
          (await ask(
            remote,
            `/api/v1/connectors/${encodeURIComponent(name)}/console?only=processes`,
            clock,
          )) as { readonly application: string; readonly processes: readonly ConsoleProcess[] },
      ),
    );
    const found: ConsoleProcess[] = [];
    for (const state of states) {
      const [own] = state.processes;
      if (state.application === application && own !== undefined) found.push({ ...own, url });
    }
    return found;
  } catch (thrown) {
    const problem =
      thrown instanceof Refused ? thrown.message : "it does not answer: does it run, and listen there?";
    return [{ url, problem, snapshot: null, errors: [], config: null }];
  }
}

class Refused extends Error {
  override readonly name = "Refused";
}

async function ask({ url, token }: RemoteProcess, path: string, clock: Clock): Promise<unknown> {
  const over = new AbortController();
  const answered = new AbortController();
  void sleep(clock, TIMEOUT_MS, answered.signal).then(() => over.abort());
  try {
    const answer = await fetch(new URL(path, url), {
      // A token must not follow one who redirects.
      redirect: "error",
      signal: over.signal,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    if (answer.status === 401 || answer.status === 403)
      throw new Refused("it wants its token: set KC_ADMIN_TOKEN for this command");
    if (!answer.ok)
      throw new Refused(`it answers with HTTP ${answer.status}: is it an admin server of this version?`);
    const text = await answer.text();
    if (text.length > MAX_BYTES) throw new Refused("it answers with more than an admin server has to tell");
    return JSON.parse(text);
  } finally {
    answered.abort();
  }
}
