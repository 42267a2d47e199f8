import type { VNode } from "preact";
import type { RowState } from "../model/rows.js";
import type { Mood } from "../model/verdict.js";

/** The sign before a word: its shape says the same as its colour. */
export function Mark({ mood }: { readonly mood: Mood }): VNode {
  return (
    <svg class="mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {mood === "ok" ? (
        <circle cx="6" cy="6" r="4.5" class="solid" />
      ) : mood === "paused" ? (
        <path d="M2.5 2h2.5v8H2.5zM7 2h2.5v8H7z" class="solid" />
      ) : mood === "unknown" ? (
        <circle cx="6" cy="6" r="4" class="ring" />
      ) : (
        <path d="M6 1 11.5 11H.5z" class="solid" />
      )}
    </svg>
  );
}

const WORDS: Readonly<Record<RowState, string>> = {
  reading: "reading",
  handoff: "handoff",
  unowned: "no owner",
  abandoned: "not renewed",
  waiting: "waiting",
  pausing: "pausing",
  paused: "paused",
  ended: "ended",
};

/** What a shard is doing, as a sign and a word. */
export function StateMark({ state }: { readonly state: RowState }): VNode {
  return (
    <span class={`state ${state}`}>
      <svg class="mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {state === "reading" || state === "handoff" ? (
          <circle cx="6" cy="6" r="4" class="solid" />
        ) : state === "paused" || state === "pausing" ? (
          <path d="M3 2.5h2v7H3zM7 2.5h2v7H7z" class="solid" />
        ) : state === "ended" ? (
          <path d="M3 3h6v6H3z" class="solid" />
        ) : state === "waiting" ? (
          <circle cx="6" cy="6" r="3.5" class="ring dashed" />
        ) : (
          <path d="M6 1.5 11 10.5H1z" class="solid" />
        )}
      </svg>
      {WORDS[state]}
    </span>
  );
}
