import {
  type LocalAws,
  type LocalDocument,
  type OpenSearchOptions,
  startLocalAws,
} from "@kinesis-connectors/local";
import { openSearchEmitter, type OpenSearchEmitterOptions } from "@kinesis-connectors/opensearch";

export const INDEX = "clicks";

type AnyEmitter = ReturnType<typeof openSearchEmitter<object>>;

/** A local OpenSearch, and what tests ask of it. */
export interface LocalOpenSearch extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly node: string;
  /** An emitter into the index `clicks`; options change it. */
  readonly emitter: (options?: Partial<OpenSearchEmitterOptions<object>>) => AnyEmitter;
  readonly documents: (index?: string) => readonly LocalDocument[];
  /** Documents of each bulk request so far, in order. */
  readonly requests: () => readonly {
    readonly records: number;
    readonly bytes: number;
    readonly status: number;
  }[];
}

export async function startOpenSearch(opensearch: OpenSearchOptions = {}): Promise<LocalOpenSearch> {
  const aws = await startLocalAws({ kinesis: false, s3: false, dynamodb: false, opensearch });
  const node = aws.endpoints.opensearch;
  const emitters: AnyEmitter[] = [];
  return {
    aws,
    node,
    emitter: (options = {}) => {
      const emitter = openSearchEmitter<object>({ node, index: INDEX, ...options });
      emitters.push(emitter);
      return emitter;
    },
    documents: (index = "*") => aws.opensearch.documents(index),
    requests: () =>
      aws.journal.entries({ operation: "Bulk" }).map(({ parameters, status }) => ({
        records: Number(parameters["documents"]),
        bytes: Number(parameters["bytes"]),
        status,
      })),
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      await aws.close();
    },
  };
}

/** A request to the local server. */
export async function ask(node: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(node + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.json();
}
