import type { VNode } from "preact";
import { useState } from "preact/hooks";

type Theme = "light" | "dark";

const KEY = "kinesis-connectors-theme";

/** The theme that was chosen here before, on the page before anything is drawn. Without one it is the system's. */
export function applyTheme(): void {
  const chosen = chosenTheme();
  if (chosen !== undefined) document.documentElement.dataset["theme"] = chosen;
}

/** The theme that is seen now. */
function themeNow(): Theme {
  return chosenTheme() ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** Told whenever other colours are seen. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  addEventListener("theme-change", changed);
  return () => {
    system.removeEventListener("change", changed);
    removeEventListener("theme-change", changed);
  };
}

export function ThemeSwitch(): VNode {
  const [theme, setTheme] = useState(themeNow);
  const other = theme === "dark" ? "light" : "dark";
  const turn = (): void => {
    document.documentElement.dataset["theme"] = other;
    try {
      localStorage.setItem(KEY, other);
    } catch {
      // A browser that keeps nothing: it holds until the page is left.
    }
    setTheme(other);
    dispatchEvent(new Event("theme-change"));
  };
  return (
    <button
      type="button"
      class="plain icon"
      onClick={turn}
      aria-label={`Use the ${other} theme`}
      title={`Use the ${other} theme`}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="1.4" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
      </svg>
    </button>
  );
}

function chosenTheme(): Theme | undefined {
  const shown = document.documentElement.dataset["theme"];
  if (shown === "light" || shown === "dark") return shown;
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : undefined;
  } catch {
    return undefined;
  }
}
