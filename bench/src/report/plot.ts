import type { SummaryRow } from "./summary.js";

const BAR_HEIGHT = 18;
const GAP = 6;
/** Of a letter, in the middle, of a sans-serif of 12 pixels: a row's name is never cut. */
const LETTER_WIDTH = 5.9;
const BAR_WIDTH = 450;
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
  const labels = rows.map(({ label, set, transport }) => `${label} (${set}, ${transport})`);
  const labelWidth = Math.ceil(Math.max(0, ...labels.map(({ length }) => length)) * LETTER_WIDTH) + 16;
  const top = 40;
  const height = top + rows.length * (BAR_HEIGHT + GAP) + 30;
  const bars = rows.map((row, index) => {
    const y = top + index * (BAR_HEIGHT + GAP);
    const middle = y + BAR_HEIGHT / 2;
    const { median, min, max } = row.perCpuSecond;
    const name = escaped(labels[index] ?? "");
    return [
      `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end">${name}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${x(median).toFixed(1)}" height="${BAR_HEIGHT}" fill="${COLOURS[row.kind]}"/>`,
      `<line x1="${(labelWidth + x(min)).toFixed(1)}" x2="${(labelWidth + x(max)).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#202124"/>`,
      `<text x="${(labelWidth + x(max) + 6).toFixed(1)}" y="${middle + 4}">${Math.round(median).toLocaleString("en")}</text>`,
    ].join("\n");
  });
  const ticks: string[] = [];
  for (let rate = least; rate <= greatest; rate *= 10) {
    const at = (labelWidth + x(rate)).toFixed(1);
    ticks.push(
      `<line x1="${at}" x2="${at}" y1="${top - 4}" y2="${height - 24}" stroke="#dadce0"/>`,
      `<text x="${at}" y="${height - 8}" text-anchor="middle">${rate.toLocaleString("en")}</text>`,
    );
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${labelWidth + BAR_WIDTH + 110}" height="${height}" font-family="sans-serif" font-size="12">`,
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
