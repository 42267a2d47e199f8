import { describe, expect, it } from "vitest";
import { ProgressBar } from "../src/progress-bar.js";

function drawn(columns: number, share: number | undefined, figures: string): string {
  let text = "";
  new ProgressBar({ isTTY: true, columns, write: (more) => (text += more) }).show(share, figures);
  return text.replace("\r\x1b[K", "");
}

describe("the progress bar", () => {
  it("is full where it has room", () => {
    expect(drawn(100, 0.5, "put 5")).toBe(`[${"=".repeat(14)}${" ".repeat(14)}] put 5`);
  });

  it.each(Array.from({ length: 60 }, (_, columns) => columns + 1))(
    "leaves the figures whole as long as %i columns hold them, and never fills the last column",
    (columns) => {
      const figures = "put 12345  read 12000";
      const line = drawn(columns, 0.5, figures);
      expect(line.length).toBeLessThan(Math.max(columns, 1));
      expect(columns > figures.length ? line : figures).toContain(figures);
    },
  );

  it("gives way to the figures in a narrow terminal", () => {
    expect(drawn(40, 0.5, "put 12345  read 12000")).toMatch(/^\[=+ +\] put 12345 {2}read 12000$/);
    expect(drawn(30, 0.5, "put 12345  read 12000")).toBe("put 12345  read 12000");
  });

  it("is a line now and then where there is no terminal, and none twice", () => {
    let text = "";
    const bar = new ProgressBar({ write: (more) => (text += more) });
    bar.show(0.1, "put 1", 0);
    bar.show(0.2, "put 2", 100);
    bar.show(0.3, "put 3", 2_000);
    bar.finish(1, "put 3");
    expect(text).toBe("put 1\nput 3\n");
  });
});
