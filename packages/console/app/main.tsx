import { render } from "preact";
import { App } from "./app.js";
import { Watch } from "./model/watch.js";
import { applyTheme } from "./parts/theme.js";
import "./style/index.css";

applyTheme();

const watch = new Watch(
  {
    fetch: (path, init) => fetch(path, { ...init, cache: "no-store", credentials: "omit" }),
    now: () => Date.now(),
    later: (afterMs, call) => {
      const timer = setTimeout(call, afterMs);
      return () => clearTimeout(timer);
    },
  },
  takeToken(),
  () => draw(),
);

const root = document.getElementById("app");

function draw(): void {
  if (root !== null) render(<App watch={watch} view={watch.view} />, root);
}

draw();
void watch.look();

/** The token of `#token=...`, which is taken out of the address at once: no history and no bookmark keeps it. */
function takeToken(): string | undefined {
  const found = /^#token=([\x21-\x7e]+)$/.exec(location.hash)?.[1];
  if (found === undefined) return undefined;
  history.replaceState(null, "", `${location.pathname}${location.search}#/overview`);
  return decodeURIComponent(found);
}
