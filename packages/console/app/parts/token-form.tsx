import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Watch } from "../model/watch.js";

/** Where the page was opened without its token, or the token is none of this server's. */
export function TokenForm({
  watch,
  wasRefused,
}: {
  readonly watch: Watch;
  readonly wasRefused: boolean;
}): VNode {
  const [token, setToken] = useState("");
  return (
    <form
      class="card narrow"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== "") watch.useToken(token.trim());
      }}
    >
      <h2>{wasRefused ? "This token is not the server's" : "The token of this server"}</h2>
      <p>
        Whoever started the server has it: <code>kinesis-connectors console</code> prints an address that
        carries it, a process takes it from <code>KC_ADMIN_TOKEN</code>. It stays in the memory of this page.
      </p>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <p class="actions">
        <button type="submit" class="main">
          Open
        </button>
      </p>
    </form>
  );
}
