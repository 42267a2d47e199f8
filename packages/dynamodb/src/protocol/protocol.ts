import { AwsJson1_0Protocol } from "@aws-sdk/core/protocols";
import { requestJson, WRITTEN_OPERATIONS } from "./request-json.js";

// What the SDK's own signatures say; its package of types need not be installed for them.
type Serialize = AwsJson1_0Protocol["serializeRequest"];
type Deserialize = AwsJson1_0Protocol["deserializeResponse"];
type MetadataBearer = Awaited<ReturnType<Deserialize>>;
type HttpRequest = Awaited<ReturnType<Serialize>>;

const ALL_PROCESSED = '{"UnprocessedItems":{}}';

/** Answers that say nothing but that all was done, and what they are read as. */
const DONE: ReadonlyMap<string, () => object> = new Map([
  ["", () => ({})],
  ["{}", () => ({})],
  [ALL_PROCESSED, () => ({ UnprocessedItems: {} })],
]);

/**
 * A protocol for `@aws-sdk/client-dynamodb` that is fast where items pass: BatchWriteItem, PutItem and UpdateItem. The SDK stays in charge
 * of everything around it: credentials, signatures, retries, endpoints, the other operations, errors, and answers that say something.
 */
export class WritingProtocol extends AwsJson1_0Protocol {
  override async serializeRequest(...call: Parameters<Serialize>): Promise<HttpRequest> {
    const [operation, input, context] = call;
    const body = WRITTEN_OPERATIONS.has(operation.name) ? requestJson(input) : undefined;
    if (body === undefined) return super.serializeRequest(...call);
    const endpoint = await context.endpoint();
    const request: HttpRequest = new (this.getRequestType())({
      method: "POST",
      path: "/",
      headers: {
        "content-type": this.getDefaultContentType(),
        "x-amz-target": `${this.serviceTarget}.${operation.name}`,
      },
      body,
    });
    this.updateServiceEndpoint(request, endpoint);
    if (!request.path.endsWith("/")) request.path += "/";
    return request;
  }

  override async deserializeResponse<Output extends MetadataBearer>(
    ...call: Parameters<Deserialize>
  ): Promise<Output> {
    const [operation, , response] = call;
    const body: unknown = response.body;
    const mayBeDone = WRITTEN_OPERATIONS.has(operation.name) && !this.isErrorResponse(response.statusCode);
    const isShort = body instanceof Uint8Array && body.length <= ALL_PROCESSED.length;
    const done =
      mayBeDone && isShort
        ? DONE.get(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
        : undefined;
    if (done === undefined) return super.deserializeResponse(...call);
    const output: MetadataBearer = { ...done(), $metadata: this.deserializeMetadata(response) };
    // The SDK's signature leaves open whose output it is; it is that of the operation that was asked for.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return output as Output;
  }
}
