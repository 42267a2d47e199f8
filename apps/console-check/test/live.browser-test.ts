import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConnectorSetup, ConnectorStarted } from "../src/connector-process.js";
import { launch, openPage, SCREENSHOTS, violationsOf, type WatchedPage } from "./browser.js";
import { cliConsole, ended, firstOf } from "./cli-console.js";
import { idOf } from "./fleets.js";

const APPLICATION = "click-archive";
const STREAM = "clicks";
const BUCKET = "clicks-archive";
const FAILOVER_MS = 4_000;
const SHARDS = 4;

interface Worker extends ConnectorStarted {
  readonly child: ChildProcess;
}

let aws: LocalAws;
let browser: Browser;
let table: LeaseTable;
let client: DynamoDBClient;
let workers: readonly Worker[];
let cli: ChildProcess;
let url: string;
let watched: WatchedPage;
let page: Page;
let putting: NodeJS.Timeout;
const backups = mkdtempSync(join(tmpdir(), "kinesis-connectors-console-"));

beforeAll(async () => {
  aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] } });
  aws.kinesis.createStream({ name: STREAM, shardCount: SHARDS });
  let put = 0;
  putting = setInterval(() => {
    aws.kinesis.putRecords(
      STREAM,
      Array.from({ length: 200 }, () => ({
        partitionKey: `key-${(put += 1) % 97}`,
        data: JSON.stringify({ n: put }),
      })),
    );
  }, 200);
  client = new DynamoDBClient(aws.clientOptions("dynamodb"));
  table = dynamoDbLeaseTable({
    tableName: APPLICATION,
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  [browser, workers] = await Promise.all([launch(), Promise.all([startWorker(), startWorker()])]);
  ({ child: cli, url } = await cliConsole(aws, APPLICATION, [
    "--failover-time",
    `${FAILOVER_MS}ms`,
    "--backup-dir",
    backups,
    "--allow-changes",
    ...workers.flatMap((worker) => ["--connect", worker.url]),
  ]));
  watched = await openPage(browser);
  ({ page } = watched);
  await page.goto(url);
});

afterAll(async () => {
  clearInterval(putting);
  await browser?.close();
  for (const child of [cli, ...(workers ?? []).map((worker) => worker.child)]) await ended(child, "SIGKILL");
  client?.destroy();
  await aws?.close();
  rmSync(backups, { recursive: true, force: true });
});

async function startWorker(): Promise<Worker> {
  const { region, credentials } = aws.clientOptions("kinesis");
  const { kinesis, dynamodb, s3 } = aws.endpoints;
  const setup: ConnectorSetup = {
    application: APPLICATION,
    stream: STREAM,
    bucket: BUCKET,
    failoverTimeMs: FAILOVER_MS,
    region,
    credentials,
    endpoints: { kinesis, dynamodb, s3: s3 ?? "" },
  };
  const child = fork(
    fileURLToPath(new URL("../dist/connector-process.js", import.meta.url)),
    [JSON.stringify(setup)],
    // It runs what is built, and not from sources as this test does.
    { execArgv: [] },
  );
  const started = await firstOf<ConnectorStarted>(child, child, "message");
  return { ...started, child };
}

const row = (shard: number) =>
  page.getByRole("table", { name: "Shards" }).getByRole("row", { name: new RegExp(`^${shard} `) });

const textOf = async (shard: number): Promise<string> => (await row(shard).textContent()) ?? "";

test("the token is taken out of the address, and all that is asked for is the server's own", async () => {
  await expect.poll(() => page.getByRole("status").textContent()).toMatch(/ok/);
  expect(page.url()).not.toContain("token");
  expect(page.url()).toMatch(/#\/overview$/);
  const origin = new URL(url).origin;
  expect(watched.requests.filter((asked) => new URL(asked).origin !== origin)).toEqual([]);
  expect(watched.requests.filter((asked) => asked.includes("token="))).toEqual([]);
  expect(await page.context().cookies()).toEqual([]);
});

test("rows move while records come", async () => {
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Shards/ })
    .click();
  const before = await row(0).locator(".c-checkpoint").textContent();
  await expect.poll(() => row(0).locator(".c-checkpoint").textContent()).not.toBe(before);
  for (let shard = 0; shard < SHARDS; shard += 1) expect(await textOf(shard)).toContain("reading");
  await page.screenshot({ path: join(SCREENSHOTS, "live-shards.png") });
});

test("the page is what a screen reader expects: headings, a table with its rows, a verdict", async () => {
  const tree = await page.locator("body").ariaSnapshot();
  expect(tree).toContain('heading "click-archive" [level=1]');
  expect(tree).toContain('heading "Shards" [level=2]');
  expect(tree).toContain('columnheader "Delivered"');
  expect(tree).toMatch(/rowheader "3"/);
  expect(tree).toMatch(/status:/);
  expect(tree).toContain('button "Pause shard 0"');
  expect(await violationsOf(page)).toEqual([]);
});

test("a reset of a shard that is read is refused with its cure, and nothing is changed", async () => {
  const before = await table.get(idOf(2));
  await row(2).getByRole("button", { name: "2", exact: true }).click();
  await page.getByRole("complementary").getByRole("button", { name: "Reset…" }).click();
  const dialog = page.getByRole("dialog", { name: "Reset shard 2" });
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  await expect.poll(() => dialog.textContent()).toMatch(/Refused: nothing has been changed/);
  expect(await dialog.textContent()).toMatch(/not paused/);
  expect(await dialog.textContent()).toMatch(/Cure: pause it first/);
  expect(await dialog.getByRole("button", { name: "Reset", exact: true }).count()).toBe(0);
  await page.screenshot({ path: join(SCREENSHOTS, "live-reset-refused.png") });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  const after = await table.get(idOf(2));
  expect(after?.owner).toBe(before?.owner);
  expect(after?.pausedMs).toBeUndefined();
});

test("a pause reaches the row of the lease table and the engine of its owner", async () => {
  await row(2).getByRole("button", { name: "Pause shard 2" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause shard 2" });
  expect(await dialog.textContent()).toContain(`kinesis-connectors pause ${APPLICATION} --shard 2`);
  await dialog.getByRole("button", { name: "Pause", exact: true }).click();
  await expect.poll(() => textOf(2)).toMatch(/paused.*Resume/);
  const lease = await table.get(idOf(2));
  expect(lease?.pausedMs).toBeTypeOf("number");
  expect(lease?.pausedBy).toMatch(/@/);
  const owner = workers.find(({ ownerId }) => ownerId === lease?.owner);
  const answer = await fetch(`${owner?.url}/api/v1/shards/${idOf(2)}`);
  const { shard } = (await answer.json()) as { readonly shard: { readonly state: string } };
  expect(shard.state).toBe("paused");
});

test("a reset of a paused shard wants the application's name, keeps the rows, and is done", async () => {
  await page.getByRole("complementary").getByRole("button", { name: "Reset…" }).click();
  const dialog = page.getByRole("dialog", { name: "Reset shard 2" });
  await dialog.getByRole("button", { name: "Show the plan" }).click();
  const go = dialog.getByRole("button", { name: "Reset", exact: true });
  await expect.poll(() => go.count()).toBe(1);
  expect(await dialog.textContent()).toContain("written a second time");
  expect(await dialog.textContent()).toContain(
    `kinesis-connectors checkpoint reset ${APPLICATION} --to horizon --shard 2 --execute`,
  );
  expect(await go.isDisabled()).toBe(true);
  await dialog.getByLabel(/type the application's name/).fill("click-archiv");
  expect(await go.isDisabled()).toBe(true);
  await dialog.getByLabel(/type the application's name/).fill(APPLICATION);
  expect(await violationsOf(page)).toEqual([]);
  await page.screenshot({ path: join(SCREENSHOTS, "live-reset.png") });
  expect((await table.get(idOf(2)))?.checkpoint).not.toBe("TRIM_HORIZON");
  await go.click();
  await expect.poll(() => dialog.textContent()).toMatch(/1 shard has been reset/);
  expect((await table.get(idOf(2)))?.checkpoint).toBe("TRIM_HORIZON");
  const [kept = ""] = readdirSync(backups);
  expect(await dialog.textContent()).toContain(kept);
  expect(existsSync(join(backups, kept))).toBe(true);
  await dialog.getByRole("button", { name: "Close", exact: true }).click();
  await row(2).getByRole("button", { name: "Resume shard 2" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume", exact: true }).click();
  await expect.poll(() => textOf(2)).toMatch(/reading/);
});

test("a worker that is killed is seen not to renew, and its shards go to the other", async () => {
  const [dead, heir] = workers;
  if (dead === undefined || heir === undefined) throw new Error("there are two workers");
  dead.child.kill("SIGKILL");
  const owners = async (): Promise<readonly (string | undefined)[]> =>
    (await table.list()).map(({ owner }) => owner);
  await expect.poll(owners).toEqual(Array.from({ length: SHARDS }, () => heir.ownerId));
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Workers/ })
    .click();
  await expect.poll(() => page.getByRole("table", { name: "Workers" }).getByRole("row").count()).toBe(2);
  const banner = page.getByRole("region", { name: /No answer of http/ });
  await expect.poll(() => banner.count()).toBe(1);
  await page.screenshot({ path: join(SCREENSHOTS, "live-takeover.png") });
});

test("a server that has gone is told", async () => {
  await ended(cli, "SIGTERM");
  await expect.poll(() => page.getByRole("status").textContent()).toContain("connection lost");
  await page.screenshot({ path: join(SCREENSHOTS, "live-lost.png") });
  // Up to here nothing went wrong on the page; from here on its requests fail, and the browser says so.
  expect(watched.problems.filter((text) => !text.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
});
