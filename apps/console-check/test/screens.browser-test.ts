import { join } from "node:path";
import { type ConsoleServer, startConsole } from "@kinesis-connectors/admin";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, openPage, SCREENSHOTS, type Theme, violationsOf, WIDTHS } from "./browser.js";
import { fleetOf, idOf, type MemoryFleetOfShards } from "./fleets.js";
import { type PaintedProcess, paintedProcess } from "./painted-process.js";

const APPLICATION = "click-archive";
const TOKEN = "a-token-of-thirty-two-characters-";
const SCREENS = [
  "overview",
  `shards/${idOf(1)}`,
  "shards",
  "workers",
  "batches",
  "errors",
  "configuration",
] as const;

let browser: Browser;
let fleet: MemoryFleetOfShards;
let processes: readonly PaintedProcess[];
let server: ConsoleServer;

beforeAll(async () => {
  browser = await launch();
  fleet = fleetOf({ shards: 9, workers: 2 });
  processes = await Promise.all([
    paintedProcess({ application: APPLICATION, worker: 0, shards: [0, 2, 4, 6, 8] }),
    paintedProcess({ application: APPLICATION, worker: 1, shards: [1, 3, 5, 7], isFailing: true }),
  ]);
  server = await startConsole(new Map([[APPLICATION, { table: fleet.table }]]), {
    token: TOKEN,
    allowChanges: true,
    port: 0,
    processes: processes.map(({ url }) => ({ url })),
  });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  for (const one of processes ?? []) await one[Symbol.asyncDispose]();
  fleet?.[Symbol.dispose]();
});

async function goTo(page: Page, screen: string): Promise<void> {
  await page.goto(`${server.url}/#/${screen}`);
  const [name = ""] = screen.split("/");
  await page.getByRole("heading", { level: 2, name: new RegExp(name, "i") }).waitFor({ state: "attached" });
}

describe.each(["light", "dark"] as const satisfies readonly Theme[])("in the %s theme", (theme) => {
  test.each(WIDTHS)("every screen is as it should be, %i pixels wide", async (width) => {
    const { page, problems } = await openPage(browser, { width, theme });
    await page.goto(`${server.url}/#token=${TOKEN}`);
    await page.getByRole("status").getByText("attention").waitFor();
    const found: string[] = [];
    const wider: string[] = [];
    for (const screen of SCREENS) {
      await goTo(page, screen);
      await page.screenshot({ path: join(SCREENSHOTS, `${screen.replace("/", "-")}-${width}-${theme}.png`) });
      // All of it at the widest, where everything is there; else what is laid out anew.
      if (width === 1440 || screen.startsWith("shards/")) found.push(...(await violationsOf(page)));
      const { scrollWidth, clientWidth } = await page.evaluate(() => ({
        scrollWidth: document.documentElement.scrollWidth,
        clientWidth: document.documentElement.clientWidth,
      }));
      if (scrollWidth > clientWidth) wider.push(screen);
    }
    expect({ found, wider }).toEqual({ found: [], wider: [] });
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

test("what axe looks for, it finds", async () => {
  const { page } = await openPage(browser);
  await page.goto(`${server.url}/#token=${TOKEN}`);
  await page.getByRole("status").getByText("attention").waitFor();
  await page.evaluate(() => {
    const faint = document.createElement("p");
    faint.textContent = "too faint to be read";
    faint.style.color = "#cccccc";
    document.querySelector("main")?.append(faint, document.createElement("input"));
  });
  const rules = (await violationsOf(page)).map((found) => found.split(":", 1)[0]);
  expect(new Set(rules)).toEqual(new Set(["color-contrast", "label"]));
  await page.context().close();
});

test("the switch turns the theme, and another page keeps it", async () => {
  const { page } = await openPage(browser, { theme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.goto(`${server.url}/#token=${TOKEN}`);
  const light = await ground();
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await ground()).toBe(dark);
  await page.context().close();
});

test("everything is reached and done by keyboard alone", async () => {
  const { page } = await openPage(browser);
  await page.goto(`${server.url}/#token=${TOKEN}`);
  await page.getByRole("status").getByText("attention").waitFor();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  const tabTo = async (text: RegExp): Promise<void> => {
    for (let press = 0; press < 60; press += 1) {
      await page.keyboard.press("Tab");
      if (text.test(await focused())) return;
    }
    throw new Error(`no Tab leads to ${text.source}`);
  };
  await tabTo(/^Shards/);
  await page.keyboard.press("Enter");
  await page.getByRole("table", { name: "Shards" }).waitFor();
  await tabTo(/^Delivered/);
  await page.keyboard.press("Enter");
  await expect
    .poll(() => page.getByRole("columnheader", { name: "Delivered" }).getAttribute("aria-sort"))
    .toBe("descending");
  await tabTo(/^Pause$/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
  await page.context().close();
});
