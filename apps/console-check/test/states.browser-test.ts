import { join } from "node:path";
import { type ConsoleApplication, type ConsoleOptions, startConsole } from "@kinesis-connectors/admin";
import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, openPage, SCREENSHOTS, type Theme, violationsOf } from "./browser.js";
import { cliConsole, ended } from "./cli-console.js";
import { fleetOf, idOf, type MemoryFleetOfShards } from "./fleets.js";

const APPLICATION = "click-archive";
const TOKEN = "a-token-of-thirty-two-characters-";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
});

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly url: string;
}

async function open(
  fleet: MemoryFleetOfShards,
  {
    theme = "light",
    application = {},
    ...options
  }: Partial<ConsoleOptions> & {
    readonly theme?: Theme;
    readonly application?: Partial<ConsoleApplication>;
  } = {},
): Promise<Opened> {
  const server = await startConsole(new Map([[APPLICATION, { table: fleet.table, ...application }]]), {
    token: TOKEN,
    allowChanges: true,
    port: 0,
    ...options,
  });
  const { page } = await openPage(browser, { theme });
  await page.goto(`${server.url}/#token=${TOKEN}`);
  return {
    page,
    url: server.url,
    [Symbol.asyncDispose]: async () => {
      await page.context().close();
      await server.close();
      fleet[Symbol.dispose]();
    },
  };
}

/** The state is named by a banner, drawn in both themes, and legible. */
async function seen(page: Page, name: string, banner: string): Promise<string> {
  const region = page.getByRole("region", { name: banner });
  await region.waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, `state-${name}-light.png`) });
  expect(await violationsOf(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: join(SCREENSHOTS, `state-${name}-dark.png`) });
  expect(await violationsOf(page)).toEqual([]);
  return (await region.textContent()) ?? "";
}

test("no worker: says that nothing is lost, and how to start one", async () => {
  await using opened = await open(fleetOf({ shards: 6, workers: 0 }));
  const { page } = opened;
  expect(await seen(page, "no-worker", "No worker runs")).toContain("kinesis-connectors run FILE");
  expect(await page.getByRole("status").textContent()).toContain("no worker");
});

test("an empty table: says what is missing, and looks like nothing is broken", async () => {
  await using opened = await open(fleetOf({ shards: 0 }));
  const { page } = opened;
  await page.getByRole("status").getByText("no shards").waitFor();
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Shards/ })
    .click();
  await page.getByText("No shard has a lease yet: the first worker").waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, "state-empty-light.png") });
  expect(await violationsOf(page)).toEqual([]);
});

test("all paused: says by whom and since when, and offers to resume", async () => {
  const fleet = fleetOf({ shards: 6, isPaused: true });
  await using opened = await open(fleet);
  const { page } = opened;
  const text = await seen(page, "all-paused", "All shards are paused");
  expect(text).toContain("ops@host-c");
  expect(text).toContain("6 min ago");
  await page.getByRole("button", { name: "Resume all…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume", exact: true }).click();
  await expect
    .poll(() => [...fleet.rows.values()].every(({ pausedMs }) => pausedMs === undefined))
    .toBe(true);
  await page.getByRole("status").getByText("ok").waitFor();
});

test("a fleet in KCL 3 mode: says what that means, and names Java workers", async () => {
  await using opened = await open(fleetOf({ shards: 6, kcl: true, mode: "CLIENT_VERSION_3X" }));
  const { page } = opened;
  expect(await seen(page, "kcl-3", "KCL 3")).toContain("a leader assigns the shards");
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Workers/ })
    .click();
  await page.getByRole("cell", { name: "Java KCL" }).first().waitFor();
});

test("read-only: nothing to change anything is there, and the server takes no change", async () => {
  await using opened = await open(fleetOf({ shards: 3 }), { allowChanges: false });
  const { page, url } = opened;
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Shards/ })
    .click();
  await page.getByText("read-only").waitFor();
  await page.getByRole("rowheader", { name: "2" }).waitFor();
  expect(await page.getByRole("button", { name: /Pause|Resume|Reset/ }).count()).toBe(0);
  const answer = await fetch(`${url}/api/v1/connectors/${APPLICATION}/pause`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(answer.status).toBe(403);
});

test("without its token the page asks for it, and says when it is another's", async () => {
  await using opened = await open(fleetOf({ shards: 3 }));
  const { page, url } = opened;
  await page.goto("about:blank");
  await page.goto(`${url}/`);
  await page.getByRole("heading", { name: "The token of this server" }).waitFor();
  await page.screenshot({ path: join(SCREENSHOTS, "state-token-light.png") });
  expect(await violationsOf(page)).toEqual([]);
  await page.getByLabel("Token").fill("another");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("heading", { name: "This token is not the server's" }).waitFor();
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Open" }).click();
  await expect.poll(() => page.getByRole("status").textContent()).toContain("ok");
});

test("a connection that is lost is told, and the page goes on when the server is back", async () => {
  const fleet = fleetOf({ shards: 3 });
  const applications = new Map([[APPLICATION, { table: fleet.table }]]);
  const first = await startConsole(applications, { token: TOKEN, port: 0 });
  const { page } = await openPage(browser);
  await page.goto(`${first.url}/#token=${TOKEN}`);
  await page.getByRole("status").getByText("ok").waitFor();
  await first.close();
  await seen(page, "lost", "Connection lost");
  const again = await startConsole(applications, { token: TOKEN, port: Number(new URL(first.url).port) });
  await expect.poll(() => page.getByRole("status").textContent()).toContain("ok");
  await again.close();
  await page.context().close();
  fleet[Symbol.dispose]();
});

test("no table, a throttled one, and a right that is missing are told apart, and each passes by itself", async () => {
  await using aws = await startLocalAws({ limits: "off" });
  const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
  const table = dynamoDbLeaseTable({
    tableName: APPLICATION,
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  // A console is not started for an application that has no table; the table may go while it runs.
  await table.open();
  const { child, url } = await cliConsole(aws, APPLICATION, []);
  try {
    const { page } = await openPage(browser);
    await page.goto(url);
    await client.send(new DeleteTableCommand({ TableName: APPLICATION }));
    await seen(page, "no-table", "No lease table");
    await table.open();
    await table.create({
      leaseKey: idOf(0),
      checkpoint: "TRIM_HORIZON",
      parentShardIds: [],
      hashKeyRange: { startingHashKey: "0", endingHashKey: String(2n ** 128n - 1n) },
    });
    client.destroy();
    await page.getByRole("status").getByText("no worker").waitFor();
    const fault = (code: string, status: number): string =>
      aws.faults.add({
        server: "dynamodb",
        operation: "Scan",
        times: "always",
        effect: { kind: "error", code, status },
      });
    const throttled = fault("ProvisionedThroughputExceededException", 400);
    await seen(page, "throttled", "DynamoDB throttles");
    aws.faults.remove(throttled);
    await expect.poll(() => page.getByRole("region", { name: "DynamoDB throttles" }).count()).toBe(0);
    const denied = fault("AccessDeniedException", 400);
    expect(await seen(page, "no-rights", "A right is missing")).toContain("dynamodb:Scan");
    aws.faults.remove(denied);
    await expect.poll(() => page.getByRole("region", { name: "A right is missing" }).count()).toBe(0);
    await page.context().close();
  } finally {
    await ended(child, "SIGTERM");
  }
});

/** What the page computes for one step of a scroll, in milliseconds: the median of a walk down its table. */
async function scrollCost(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    const box = document.querySelector(".scroll");
    if (box === null) throw new Error("there is no table");
    const costs: number[] = [];
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let step = 0; step < 40; step += 1) {
      box.scrollTop = (box.scrollTop + 340) % (box.scrollHeight - box.clientHeight);
      const start = performance.now();
      box.dispatchEvent(new Event("scroll"));
      // What is drawn is drawn before the next task.
      await new Promise((done) => setTimeout(done, 0));
      box.getBoundingClientRect();
      costs.push(performance.now() - start);
      await frame();
    }
    return costs.toSorted((a, b) => a - b)[20] ?? 0;
  });
}

test("a thousand shards: few rows are drawn, and a scroll costs what it costs for sixty", async () => {
  const costs = new Map<number, number>();
  for (const shards of [60, 1_000]) {
    await using opened = await open(fleetOf({ shards, workers: 8 }));
    const { page } = opened;
    await page
      .getByRole("navigation")
      .getByRole("link", { name: /^Shards/ })
      .click();
    const rows = page.getByRole("table", { name: "Shards" }).locator("tbody tr:not(.space)");
    await expect.poll(() => rows.count()).toBeGreaterThan(10);
    expect(await rows.count()).toBeLessThan(60);
    expect(await page.getByRole("table", { name: "Shards" }).getAttribute("aria-rowcount")).toBe(
      `${shards + 1}`,
    );
    costs.set(shards, await scrollCost(page));
    if (shards < 1_000) continue;
    await page.evaluate(() => document.querySelector(".scroll")?.scrollTo(0, 1e6));
    await expect.poll(() => rows.last().textContent()).toContain("999");
    await page.screenshot({ path: join(SCREENSHOTS, "thousand-light.png") });
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole("searchbox").fill("000000000777");
    await expect.poll(() => rows.count()).toBe(1);
  }
  const [few = 0, many = 0] = [costs.get(60), costs.get(1_000)];
  process.stdout.write(
    `a step of a scroll: ${few.toFixed(1)} ms with 60 shards, ${many.toFixed(1)} ms with 1,000\n`,
  );
  // A table that drew all rows would need many times as long.
  expect(many).toBeLessThan(Math.max(few, 1) * 4);
});
