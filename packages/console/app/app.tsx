import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Asks } from "./model/asks.js";
import { type Place, placeOf } from "./model/place.js";
import type { View, Watch } from "./model/watch.js";
import { Banners } from "./parts/banners.js";
import { ChangeDialog } from "./parts/change-dialog.js";
import { Header } from "./parts/header.js";
import { TokenForm } from "./parts/token-form.js";
import { Batches } from "./screens/batches.js";
import { Configuration } from "./screens/configuration.js";
import { Errors } from "./screens/errors.js";
import { Overview } from "./screens/overview.js";
import { Shards } from "./screens/shards.js";
import { Workers } from "./screens/workers.js";

export function App({ watch, view }: { readonly watch: Watch; readonly view: View }): VNode {
  const { screen, shardId } = usePlace();
  const [change, setChange] = useState<Parameters<Asks["change"]> | undefined>(undefined);
  const asks: Asks = {
    change: (...asked) => setChange(asked),
    shard: (id) => {
      location.hash = `#/shards/${encodeURIComponent(id)}`;
    },
  };
  const { state } = view;
  return (
    <>
      <a class="skip" href="#main" onClick={toMain}>
        Skip to content
      </a>
      <Header watch={watch} view={view} screen={screen} />
      <main id="main" tabIndex={-1}>
        {view.link.type === "token-wanted" ? (
          <TokenForm watch={watch} wasRefused={view.link.wasRefused} />
        ) : (
          <>
            <Banners view={view} asks={asks} />
            {state === undefined ? (
              <p class="quiet pad">{view.link.type === "lost" ? "Nothing was seen yet." : "Looking…"}</p>
            ) : screen === "overview" ? (
              <Overview view={view} state={state} asks={asks} />
            ) : screen === "shards" ? (
              <Shards view={view} state={state} asks={asks} shardId={shardId} />
            ) : screen === "workers" ? (
              <Workers state={state} rows={view.rows} />
            ) : screen === "batches" ? (
              <Batches state={state} rows={view.rows} asks={asks} />
            ) : screen === "errors" ? (
              <Errors state={state} asks={asks} />
            ) : (
              <Configuration state={state} />
            )}
          </>
        )}
      </main>
      {change !== undefined && state !== undefined && (
        <ChangeDialog
          watch={watch}
          state={state}
          rows={view.rows}
          verb={change[0]}
          shardIds={change[1]}
          close={() => setChange(undefined)}
        />
      )}
    </>
  );
}

function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}
