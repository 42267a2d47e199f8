import { cbor } from "@smithy/core/cbor";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** A metric as a worker sent it, without its value. */
export interface SentMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  /** In the order sent. */
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}

/** A port that takes PutMetricData and keeps what was sent. */
export class CloudWatchStub implements AsyncDisposable {
  readonly metrics: SentMetric[] = [];
  /** Requests that this stub could not read, by their content type. */
  readonly unread: string[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = bodyOf(request.headers, Buffer.concat(chunks));
      const type = request.headers["content-type"] ?? "";
      if (type.startsWith("application/x-www-form-urlencoded")) {
        this.metrics.push(...metricsOfForm(new URLSearchParams(body.toString())));
        response.writeHead(200, { "content-type": "text/xml" });
        response.end("<PutMetricDataResponse><ResponseMetadata/></PutMetricDataResponse>");
      } else if (type === "application/cbor") {
        this.metrics.push(...metricsOfCbor(body));
        response.writeHead(200, { "content-type": type, "smithy-protocol": "rpc-v2-cbor" });
        response.end(cbor.serialize({}));
      } else {
        this.unread.push(type);
        response.writeHead(400).end();
      }
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    return Promise.resolve();
  }
}

function bodyOf(headers: IncomingHttpHeaders, bytes: Buffer): Buffer {
  return headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
}

interface PutMetricData {
  readonly Namespace?: string;
  readonly MetricData?: readonly {
    readonly MetricName: string;
    readonly Unit?: string;
    readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
  }[];
}

/** Smithy's RPC v2 over CBOR, which the SDK of KCL 3 speaks. */
function metricsOfCbor(bytes: Uint8Array): readonly SentMetric[] {
  const { Namespace = "", MetricData = [] } = cbor.deserialize(bytes) as PutMetricData;
  return MetricData.map(({ MetricName, Unit = "", Dimensions = [] }) => ({
    namespace: Namespace,
    name: MetricName,
    unit: Unit,
    dimensions: Dimensions.map(({ Name, Value }) => [Name, Value] as const),
  }));
}

/** AWS's query protocol, which the SDK of KCL 2 speaks: `MetricData.member.1.Dimensions.member.2.Name`. */
export function metricsOfForm(form: URLSearchParams): readonly SentMetric[] {
  const namespace = form.get("Namespace") ?? "";
  return members((index) => {
    const at = `MetricData.member.${index}`;
    const name = form.get(`${at}.MetricName`);
    if (name === null) return undefined;
    const dimensions = members((number) => {
      const dimension = `${at}.Dimensions.member.${number}`;
      const key = form.get(`${dimension}.Name`);
      return key === null ? undefined : ([key, form.get(`${dimension}.Value`) ?? ""] as const);
    });
    return { namespace, name, unit: form.get(`${at}.Unit`) ?? "", dimensions };
  });
}

function members<Value>(at: (index: number) => Value | undefined): readonly Value[] {
  const found: Value[] = [];
  for (let index = 1; ; index += 1) {
    const value = at(index);
    if (value === undefined) return found;
    found.push(value);
  }
}
