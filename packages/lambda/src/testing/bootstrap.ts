import { asError, systemClock } from "@kinesis-connectors/core";

import type { KinesisEvent } from "../event.js";
import type { KinesisHandler } from "../kinesis-handler.js";

// The runtime of a function: asks the runtime API for an event, calls the handler, says how it went, and asks again.
const api = `http://${process.env["AWS_LAMBDA_RUNTIME_API"]}/2018-06-01/runtime`;
const [module = "", name = "handler"] = (process.env["_HANDLER"] ?? "").split("#");

async function say(path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${api}/${path}`, { method: "POST", body: JSON.stringify(body) });
  await answer.arrayBuffer();
}

const said = (thrown: unknown) => {
  const error = asError(thrown);
  return { errorMessage: error.message, errorType: error.name };
};

async function load(): Promise<KinesisHandler> {
  try {
    const loaded = (await import(module)) as Readonly<Record<string, unknown>>;
    const handler = loaded[name];
    if (typeof handler !== "function") throw new Error(`${module} exports no function ${name}`);
    return handler as KinesisHandler;
  } catch (thrown) {
    await say("init/error", said(thrown));
    throw thrown;
  }
}

async function serve(handler: KinesisHandler): Promise<void> {
  const next = await fetch(`${api}/invocation/next`);
  const event = (await next.json()) as KinesisEvent;
  const header = (field: string): string => next.headers.get(`lambda-runtime-${field}`) ?? "";
  const awsRequestId = header("aws-request-id");
  const deadlineMs = Number(header("deadline-ms"));
  try {
    const answer = await handler(event, {
      awsRequestId,
      invokedFunctionArn: header("invoked-function-arn"),
      getRemainingTimeInMillis: () => deadlineMs - systemClock.now(),
    });
    await say(`invocation/${awsRequestId}/response`, answer);
  } catch (thrown) {
    await say(`invocation/${awsRequestId}/error`, said(thrown));
  }
}

const handler = await load();
for (;;) await serve(handler);
