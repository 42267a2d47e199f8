import { expect, it } from "vitest";
import { startLocalAws } from "../../src/index.js";
import { answersIn, bodyOf, NODE_ANSWERS, NODE_REQUESTS } from "./node-answers.js";

it("answers documents as a node does, refused ones with the type of the error and of what caused it", async () => {
  const aws = await startLocalAws({ kinesis: false, s3: false, dynamodb: false, opensearch: {} });
  const ask = async (method: string, path: string, body?: string): Promise<unknown> => {
    const answer = await fetch(aws.endpoints.opensearch + path, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
    });
    const json: unknown = await answer.json();
    expect([path, answer.status, answer.ok ? undefined : json]).toEqual([path, 200, undefined]);
    return json;
  };
  for (const { method, path, body } of NODE_REQUESTS)
    await ask(method, path, body === undefined ? undefined : JSON.stringify(body));
  const answers = answersIn(await ask("POST", "/_bulk", bodyOf(NODE_ANSWERS)));
  expect(NODE_ANSWERS.map(({ name }, place) => `${name} -> ${answers[place]}`)).toEqual(
    NODE_ANSWERS.map(({ name, answer }) => `${name} -> ${answer}`),
  );
  await aws.close();
});
