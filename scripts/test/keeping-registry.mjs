// A registry that keeps what npm publishes, on a thread of its own: whoever publishes waits for npm. Tells its port first, then each PUT.
import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const kept = {};
/** Packages that it refuses once; and how many it forgets after it has said yes. */
const { refuses, forgets } = workerData;
let left = forgets;
// A thread of Node has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
const tell = (what) => parentPort.postMessage(what);

const server = createServer((request, response) => {
  const name = decodeURIComponent(request.url.slice(1));
  const answer = (status, body) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  let text = "";
  request.on("data", (chunk) => (text += chunk));
  request.on("end", () => {
    if (request.method === "GET")
      return answer(kept[name] === undefined ? 404 : 200, { versions: kept[name] });
    const { versions, "dist-tags": tags } = JSON.parse(text);
    tell(Object.entries(tags).map(([tag, version]) => `${name}@${version} ${tag}`)[0]);
    const at = refuses.indexOf(name);
    if (at !== -1) return answer(403, { error: `${refuses.splice(at, 1)} is refused` });
    if (left > 0) left -= 1;
    else kept[name] = { ...kept[name], ...versions };
    return answer(201, { ok: true });
  });
});
server.listen(0, "127.0.0.1", () => tell(server.address().port));
