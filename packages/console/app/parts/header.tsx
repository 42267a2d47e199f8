import type { VNode } from "preact";
import { counted } from "../model/format.js";
import { SCREENS, type Screen } from "../model/place.js";
import type { View, Watch } from "../model/watch.js";
import { Mark } from "./mark.js";
import { ThemeSwitch } from "./theme.js";

const TITLES: Readonly<Record<Screen, string>> = {
  overview: "Overview",
  shards: "Shards",
  workers: "Workers",
  batches: "Batches",
  errors: "Errors",
  configuration: "Configuration",
};

interface HeaderProps {
  readonly watch: Watch;
  readonly view: View;
  readonly screen: Screen;
}

export function Header({ watch, view, screen }: HeaderProps): VNode {
  const { state, applications, verdict, rows, link } = view;
  const stream = state?.fleet?.stream ?? state?.processes[0]?.snapshot?.stream;
  const open = rows.filter((row) => row.state !== "ended").length;
  const isLost = link.type === "lost";
  const errors = state?.processes.reduce((sum, process) => sum + process.errors.length, 0) ?? 0;
  const numbers: Partial<Record<Screen, number>> = {
    shards: open,
    workers: state?.fleet?.workers.length ?? state?.processes.length ?? 0,
    errors,
  };
  return (
    <header>
      <div class="bar">
        <svg class="logo" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
          <rect width="16" height="16" rx="3.5" />
          <path d="M3.5 5h9M3.5 8h6M3.5 11h7.5" />
        </svg>
        {applications.length > 1 ? (
          <h1>
            <label class="hidden" for="application">
              Application
            </label>
            <select
              id="application"
              value={watch.application}
              onChange={(event) => watch.choose(event.currentTarget.value)}
            >
              {applications.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </h1>
        ) : (
          <h1>{applications[0] ?? "Kinesis connectors"}</h1>
        )}
        {stream !== undefined && (
          <span class="quiet stream">
            stream <b>{stream}</b>
          </span>
        )}
        <p
          class={`verdict ${isLost ? "unknown" : (verdict?.mood ?? "unknown")}`}
          role="status"
          aria-live="polite"
        >
          {isLost ? (
            <>
              <Mark mood="unknown" /> <b>connection lost</b>
            </>
          ) : verdict !== undefined ? (
            <>
              <Mark mood={verdict.mood} /> <b>{verdict.word}</b>
            </>
          ) : (
            ""
          )}
        </p>
        {!isLost && verdict !== undefined && <span class="sentence">{verdict.sentence}</span>}
        <span class="space" />
        {state !== undefined && state.access !== "allowed" && (
          <span class="tag" title={READ_ONLY[state.access]}>
            read-only
          </span>
        )}
        <ThemeSwitch />
      </div>
      <nav aria-label="Screens">
        <ul>
          {SCREENS.map((name) => {
            const number = numbers[name] ?? 0;
            return (
              <li key={name}>
                <a href={`#/${name}`} aria-current={name === screen ? "page" : undefined}>
                  {TITLES[name]}
                  {number > 0 && (
                    <span class="number" aria-label={counted(number, "entry", "entries")}>
                      {number}
                    </span>
                  )}
                </a>
              </li>
            );
          })}
        </ul>
      </nav>
    </header>
  );
}

const READ_ONLY: Readonly<Record<"read-only" | "not-offered", string>> = {
  "read-only": "This token reads only. Start the console with --allow-changes to pause, resume and reset.",
  "not-offered":
    "This server has no token, and changes nothing. Start it with KC_ADMIN_TOKEN to pause, resume and reset.",
};
