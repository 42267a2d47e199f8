import type { AwsJson1_0Protocol } from "@aws-sdk/core/protocols";
import { requestJson, WRITTEN_OPERATIONS } from "./request-json.js";

// What the SDK's own signatures say; its package of types need not be installed for them.
type Serialize = AwsJson1_0Protocol["serializeRequest"];
type Deserialize = AwsJson1_0Protocol["deserializeResponse"];
type MetadataBearer = Awaited<ReturnType<Deserialize>>;
type HttpRequest = Awaited<ReturnType<Serialize>>;
type HttpResponse = Parameters<Deserialize>[2];

const ALL_PROCESSED = '{"UnprocessedItems":{}}';

/** Answers that say nothing but that all was done, and what they are read as. */
const DONE: ReadonlyMap<string, () => object> = new Map([
  ["{}", () => ({})],
  [ALL_PROCESSED, () => ({ UnprocessedItems: {} })],
]);

/**
 * A protocol for `@aws-sdk/client-dynamodb` that is fast where items pass: BatchWriteItem, PutItem and UpdateItem. The SDK stays in charge
 * of everything around it: credentials, signatures, retries, endpoints, the other operations, errors, and answers that say something.
 *
 * @param Base `AwsJson1_0Protocol` of `@aws-sdk/core/protocols`: nothing of the SDK is loaded here
 */
export function writingProtocol(Base: typeof AwsJson1_0Protocol): typeof AwsJson1_0Protocol {
  return class extends Base {
    override async serializeRequest(...call: Parameters<Serialize>): Promise<HttpRequest> {
      const [operation, input, context] = call;
      const written = this.writeBody(operation.name, input);
      if (written === undefined) return super.serializeRequest(...call);
      const endpoint = await context.endpoint();
      const request: HttpRequest = new (this.getRequestType())({
        method: "POST",
        path: "/",
        headers: {
          "content-type": written.contentType,
          "x-amz-target": `${this.serviceTarget}.${operation.name}`,
        },
        body: written.body,
      });
      this.updateServiceEndpoint(request, endpoint);
      if (!request.path.endsWith("/")) request.path += "/";
      return request;
    }

    override async deserializeResponse<Output extends MetadataBearer>(
      ...call: Parameters<Deserialize>
    ): Promise<Output> {
      const [operation, , response] = call;
      const output = this.readOutput(operation.name, response);
      if (output === undefined) return super.deserializeResponse(...call);
      // The SDK's signature leaves open whose output it is; it is that of the operation that was asked for.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return output as Output;
    }

    /** The body of a request that is written here. For those who send requests past the client's steps, too (`keepRequests`). */
    writeBody(
      operation: string,
      input: object,
    ): { readonly contentType: string; readonly body: Uint8Array } | undefined {
      const body = WRITTEN_OPERATIONS.has(operation) ? requestJson(input) : undefined;
      return body === undefined ? undefined : { contentType: this.getDefaultContentType(), body };
    }

    /** The output of an answer that says no more than that all was done. */
    readOutput(operation: string, response: HttpResponse): MetadataBearer | undefined {
      const body: unknown = response.body;
      if (!WRITTEN_OPERATIONS.has(operation) || this.isErrorResponse(response.statusCode)) return undefined;
      if (!(body instanceof Uint8Array) || body.length > ALL_PROCESSED.length) return undefined;
      const done = DONE.get(Buffer.from(body.buffer, body.byteOffset, body.length).toString());
      return done === undefined ? undefined : { ...done(), $metadata: this.deserializeMetadata(response) };
    }
  };
}
