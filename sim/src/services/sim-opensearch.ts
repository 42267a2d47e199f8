import { type openSearchEmitter } from "@kinesis-connectors/opensearch";
import { failureError } from "../world/call-error.js";
import type { CallFailure, Network } from "../world/network.js";
import type { Line } from "../payload.js";
import type { SeededRandom } from "../world/random.js";
import type { SimProcess } from "../world/sim-process.js";

/** What the emitter sends its requests through. */
type Connect = NonNullable<Parameters<typeof openSearchEmitter>[1]>;
type Connection = ReturnType<Connect>;
type Answer = Awaited<ReturnType<Connection["send"]>>;

/** A document as it is stored. */
export type StoredDocument = Line & { readonly kcPosition?: string };

/** How the simulated index behaves beyond calls that fail on the way. */
export interface IndexTemper {
  /** Of a document that is refused for the moment among others that are taken. */
  refused: number;
}

/** Told of each document that was stored, and of what stood there before. */
export type IndexListener = (
  id: string,
  document: StoredDocument,
  before: StoredDocument | undefined,
) => void;

/** The two lines of one document of a bulk request. */
interface BulkItem {
  readonly operation: "index" | "create" | "update";
  readonly id: string;
  readonly document: StoredDocument;
  /** Of an `update`: the position that its script compares. */
  readonly position: string;
}

/** One index of OpenSearch in memory, under the client: bulk requests, answered document by document. */
export class SimOpenSearch {
  readonly documents: Map<string, StoredDocument> = new Map();
  readonly temper: IndexTemper;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #stored: IndexListener;
  readonly #isUnguarded: boolean;

  constructor(options: {
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: IndexTemper;
    readonly stored: IndexListener;
    readonly isUnguarded: boolean;
  }) {
    this.#network = options.network;
    this.#random = options.random;
    this.temper = options.temper;
    this.#stored = options.stored;
    this.#isUnguarded = options.isUnguarded;
  }

  /** The connections of one process. */
  connectionsOf(process: SimProcess): Connect {
    return () => ({
      host: "simulated",
      send: ({ body = "" }, { signal }) => {
        const items = itemsIn(body);
        return this.#network.send<Answer>({
          process,
          to: "destination",
          name: "bulk",
          about: `${items.length}`,
          apply: () => ({
            status: 200,
            body: { items: items.map((item) => ({ [item.operation]: this.#apply(item) })) },
          }),
          failed: answerTo,
          signal,
        });
      },
      renewCredentials: () => false,
      close: () => Promise.resolve(),
    });
  }

  #apply({ operation, id, document, position }: BulkItem): object {
    // A conflict of two writers is told as 409 once the service has repeated it in vain.
    if (this.#random.chance(this.temper.refused))
      return operation === "update" && this.#random.chance(0.5)
        ? { status: 409, error: { type: "version_conflict_engine_exception" } }
        : { status: 429, error: { type: "rejected_execution_exception" } };
    const before = this.documents.get(id);
    if (operation === "create" && before !== undefined)
      return { status: 409, error: { type: "version_conflict_engine_exception" } };
    const isOlder = operation === "update" && (before?.kcPosition ?? "") >= position;
    if (isOlder && !this.#isUnguarded) return { status: 200 };
    this.documents.set(id, document);
    this.#stored(id, document, before);
    return { status: before === undefined ? 201 : 200 };
  }
}

/** A request that got no answer, or the answer of a service that takes nothing for the moment. */
function answerTo(failure: CallFailure): Answer {
  if (failure === "throttled")
    return { status: 429, body: { error: { type: "rejected_execution_exception" } } };
  throw failureError(failure, "rejected_execution_exception", 429);
}

/** The documents of a bulk body; of the scripts that compare positions, what they would put there. */
function itemsIn(body: string): readonly BulkItem[] {
  const lines = body.split("\n").filter((line) => line !== "");
  const items: BulkItem[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const action: Partial<Record<BulkItem["operation"], { readonly _id: string }>> = JSON.parse(
      lines[at] ?? "{}",
    );
    const source = lines[at + 1] ?? "{}";
    if (action.update !== undefined) {
      const { script }: { script: { params: { document: StoredDocument; position: string } } } =
        JSON.parse(source);
      items.push({ operation: "update", id: action.update._id, ...script.params });
      continue;
    }
    const operation = action.create === undefined ? "index" : "create";
    items.push({ operation, id: action[operation]?._id ?? "", document: JSON.parse(source), position: "" });
  }
  return items;
}
