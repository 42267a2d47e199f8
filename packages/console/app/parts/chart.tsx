import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime } from "../model/format.js";
import { onTheme } from "./theme.js";

/** Before the first look there is no time to show: whatever is earlier than this is none. */
const FIRST_S = 1e9;

/** One line of a chart. */
interface Line {
  readonly title: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** What is said of it to those who do not see it. */
  readonly says: string;
  readonly atMs: readonly number[];
  readonly lines: readonly Line[];
  readonly shown: (value: number) => string;
  /** Steps that its upright axis may have. Default: round numbers. */
  readonly steps?: readonly number[] | undefined;
  readonly height?: number;
}

/** Lines over the time that the page is open: the first is filled, the others are thin. */
export function Chart({ title, says, atMs, lines, shown, steps, height = 170 }: ChartProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const [theme, setTheme] = useState(0);
  useEffect(() => onTheme(() => setTheme((turns) => turns + 1)), []);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = new UPlot(optionsOf(element, { lines, shown, steps, height }), dataOf(atMs, lines), element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // What it shows comes by setData; colours come with another theme alone.
  }, [theme]);
  useEffect(() => plot.current?.setData(dataOf(atMs, lines)));
  return (
    <figure class="chart" aria-label={`${title}: ${says}`}>
      <figcaption>
        <span class="title">{title}</span>
        {lines.map(({ title: name, values }, index) => (
          <span key={name} class={`key line${index}`}>
            {name} <b>{lastOf(values, shown)}</b>
          </span>
        ))}
      </figcaption>
      <div class="plot" ref={box} aria-hidden="true" />
    </figure>
  );
}

function lastOf(values: readonly (number | null)[], shown: (value: number) => string): string {
  const last = values.at(-1);
  return last === null || last === undefined ? "–" : shown(last);
}

function dataOf(atMs: readonly number[], lines: readonly Line[]): UPlot.AlignedData {
  return [atMs.map((ms) => ms / 1000), ...lines.map(({ values }) => [...values])];
}

function optionsOf(
  element: HTMLElement,
  {
    lines,
    shown,
    steps,
    height,
  }: Pick<ChartProps, "lines" | "shown" | "steps"> & { readonly height: number },
): UPlot.Options {
  const style = getComputedStyle(element);
  // As a canvas takes it: resolved, because `light-dark()` has no scheme there.
  const colour = (name: string): string => {
    element.style.color = `var(${name})`;
    return style.color;
  };
  const font = `11px ${style.fontFamily}`;
  const axis: UPlot.Axis = {
    stroke: colour("--muted"),
    font,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true, range: (_plot, min, max) => [Math.min(min, max - 60), max] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        space: 90,
        grid: { show: false },
        values: (_plot, ticks) =>
          ticks.map((seconds) => (seconds < FIRST_S ? "" : clockTime(seconds * 1000))),
      },
      {
        ...axis,
        size: 52,
        space: 34,
        ...(steps === undefined ? {} : { incrs: [...steps] }),
        values: (_plot, ticks) => ticks.map(shown),
      },
    ],
    series: [
      {},
      ...lines.map(({ title }, index): UPlot.Series => ({
        label: title,
        width: index === 0 ? 1.5 : 1,
        stroke: colour(index === 0 ? "--accent" : "--muted"),
        ...(index === 0 ? { fill: colour("--accent-faint") } : { dash: [4, 3] }),
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
