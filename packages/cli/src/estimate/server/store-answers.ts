import type { IncomingMessage, ServerResponse } from "node:http";

const UPLOAD_ID = "estimate";

let answered = 0;

/** Answers as S3 does whose every object is new, and keeps nothing of what comes. */
export function answerAsStore(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.on("end", () => {
    const { method, url = "" } = request;
    const [status, body] = answerTo(method, url);
    response.writeHead(status, {
      "content-length": method === "HEAD" ? 0 : Buffer.byteLength(body),
      "content-type": "application/xml",
      // Each its own: an answer that has come before is refused.
      "x-amz-request-id": `estimate-${(answered += 1)}`,
      ...(method === "PUT" ? { etag: '"0123456789abcdef0123456789abcdef"' } : {}),
    });
    response.end(body);
  });
}

function answerTo(method: string | undefined, url: string): readonly [status: number, body: string] {
  switch (method) {
    case "PUT":
      return [200, ""];
    case "POST":
      return [200, uploadAnswer(url)];
    case "DELETE":
      return [204, ""];
    default:
      return [404, ""];
  }
}

/** An upload in parts begins with `?uploads` and ends with `?uploadId=` (S3 API reference). */
function uploadAnswer(url: string): string {
  return /[?&]uploads\b/.test(url)
    ? `<InitiateMultipartUploadResult><UploadId>${UPLOAD_ID}</UploadId></InitiateMultipartUploadResult>`
    : '<CompleteMultipartUploadResult><ETag>"0123456789abcdef0123456789abcdef-1"</ETag></CompleteMultipartUploadResult>';
}
