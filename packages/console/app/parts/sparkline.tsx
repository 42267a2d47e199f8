import type { VNode } from "preact";

interface SparklineProps {
  readonly values: readonly (number | null)[];
  readonly width?: number;
  readonly height?: number;
  /** What the line never falls below the top of, so that a quiet one stays quiet. */
  readonly atLeast?: number;
}

/** A line as tall as a word, drawn for the eye alone: the figure beside it says it. */
export function Sparkline({ values, width = 80, height = 18, atLeast = 0 }: SparklineProps): VNode {
  const known = values.filter((value) => value !== null);
  const top = Math.max(atLeast, ...known);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let path = "";
  let isDown = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const y = top === 0 ? height - 1.5 : height - 1.5 - (value / top) * (height - 3);
    path += `${isDown ? "L" : "M"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
  }
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
