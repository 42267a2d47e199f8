import type { SummaryRow } from "./summary.js";

const BAR_HEIGHT = 18;
const GAP = 6;
const LABEL_WIDTH = 430;
const BAR_WIDTH = 480;
const COLOURS: Readonly<Record<SummaryRow["kind"], string>> = {
  limit: "#9aa0a6",
  peer: "#d9822b",
  ours: "#2b6cb0",
};

/** A picture of the rates: one bar per row on a logarithmic scale, with a whisker from the least round to the greatest. */
export function plot(rows: readonly SummaryRow[], title: string): string {
  const rates = rows.map(({ perCpuSecond }) => perCpuSecond);
  const least = 10 ** Math.floor(Math.log10(Math.min(...rates.map(({ min }) => min))));
  const greatest = Math.max(...rates.map(({ max }) => max));
  const x = (rate: number): number => (Math.log(rate / least) / Math.log(greatest / least)) * BAR_WIDTH;
  const top = 40;
  const height = top + rows.length * (BAR_HEIGHT + GAP) + 30;
  const bars = rows.map((row, index) => {
    const y = top + index * (BAR_HEIGHT + GAP);
    const middle = y + BAR_HEIGHT / 2;
    const { median, min, max } = row.perCpuSecond;
    const name = escaped(`${row.label} (${row.set}, ${row.transport})`);
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${name}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${x(median).toFixed(1)}" height="${BAR_HEIGHT}" fill="${COLOURS[row.kind]}"/>`,
      `<line x1="${(LABEL_WIDTH + x(min)).toFixed(1)}" x2="${(LABEL_WIDTH + x(max)).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#202124"/>`,
      `<text x="${(LABEL_WIDTH + x(max) + 6).toFixed(1)}" y="${middle + 4}">${Math.round(median).toLocaleString("en")}</text>`,
    ].join("\n");
  });
  const ticks: string[] = [];
  for (let rate = least; rate <= greatest; rate *= 10) {
    const at = (LABEL_WIDTH + x(rate)).toFixed(1);
    ticks.push(
      `<line x1="${at}" x2="${at}" y1="${top - 4}" y2="${height - 24}" stroke="#dadce0"/>`,
      `<text x="${at}" y="${height - 8}" text-anchor="middle">${rate.toLocaleString("en")}</text>`,
    );
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL_WIDTH + BAR_WIDTH + 110}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="10" y="20" font-size="15">${escaped(title)}</text>`,
    ...ticks,
    ...bars,
    "</svg>",
    "",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
