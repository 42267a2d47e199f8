import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { recordsOf } from "../input/records-of.js";
import type { InputFormat } from "../input/formats.js";
import { kinesisAnswers } from "./kinesis-answers.js";
import { answerAsStore } from "./store-answers.js";

// What is read from and written to, in a process of its own: its work is not counted. It ends with the one who started it.
const [path = "", format = "lines"] = process.argv.slice(2);
const { records } = await recordsOf(path, format as InputFormat);
const answer = kinesisAnswers(records);
let answered = 0;

const kinesis = await listening((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { "x-amz-target": target, "content-type": contentType = "" } = request.headers;
    const operation = String(target).split(".").at(-1) ?? "";
    const body = answer({ operation, body: Buffer.concat(chunks) });
    response.writeHead(200, {
      "content-type": contentType,
      "content-length": body.length,
      "x-amzn-requestid": `estimate-${(answered += 1)}`,
    });
    response.end(body);
  });
});
const store = await listening(answerAsStore);

process.on("disconnect", () => process.exit(0));
process.send?.({ kinesis: urlOf(kinesis), store: urlOf(store) });

async function listening(listener: RequestListener): Promise<Server> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
