import type { VNode } from "preact";
import { useState } from "preact/hooks";

/** The command line that does the same, with a button that copies it. */
export function Command({ text }: { readonly text: string }): VNode {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="command">
      <span class="quiet">the same on the command line</span>
      <code>
        {text.split(" ").map((word, index) => (
          <>
            {index > 0 && " "}
            <span class="word">{word}</span>
          </>
        ))}
      </code>
      <button type="button" class="plain" onClick={copy}>
        {isCopied ? "copied" : "copy"}
      </button>
    </div>
  );
}
