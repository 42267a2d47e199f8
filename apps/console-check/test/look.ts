// scratch: pictures for the eye
import { startConsole } from "@kinesis-connectors/admin";
import { launch, openPage, SCREENSHOTS, type Theme } from "./browser.js";
import { fleetOf } from "./fleets.js";
import { paintedProcess } from "./process.js";
const application = "click-archive";
using fleet = fleetOf({ shards: 9, workers: 2 });
await using one = await paintedProcess({ application, worker: 0, shards: [0, 2, 4, 6, 8] });
await using two = await paintedProcess({
  application,
  worker: 1,
  shards: [1, 3, 5, 7],
  isFailing: process.argv.includes("failing"),
});
await using server = await startConsole(new Map([[application, { table: fleet.table }]]), {
  token: "t".repeat(40),
  allowChanges: true,
  port: 0,
  processes: [{ url: one.url }, { url: two.url }],
});
const browser = await launch();
const screens = (process.argv[2] ?? "overview,shards").split(",");
const widths = (process.argv[3] ?? "1440").split(",").map(Number);
const themes = (process.argv[4] ?? "light").split(",") as Theme[];
const waitMs = Number(process.argv[5] ?? 6000);
for (const theme of themes)
  for (const width of widths) {
    const { page, problems } = await openPage(browser, { width, theme });
    await page.goto(`${server.url}/#token=${"t".repeat(40)}`);
    await page.waitForTimeout(waitMs);
    for (const screen of screens) {
      await page.goto(`${server.url}/#/${screen}`);
      await page.waitForTimeout(400);
      await page.screenshot({
        path: `${SCREENSHOTS}look-${screen.replaceAll("/", "_")}-${width}-${theme}.png`,
      });
    }
    console.log(width, theme, problems);
    await page.context().close();
  }
await browser.close();
process.exit(0);
