/** What the service says went wrong: the outermost error first, then what caused it. */
export interface Said {
  /** The service's names of the errors; only what can be such names, because they go into logs. */
  readonly types: readonly string[];
  /** Their reasons. They may repeat parts of documents, so they are read and never shown. */
  readonly reasons: readonly string[];
  /** Of a circuit breaker: whether the memory in use is given back by itself. */
  readonly isPermanent: boolean;
}

/** A failure that no document is to blame for, and what mends it. */
export interface Cause {
  /** `wait`: it passes, by itself or by an operator. `refuse`: nothing is taken until an operator has changed something. */
  readonly means: "wait" | "refuse";
  readonly cure: string;
}

/** What a cause may depend on beside the answer. */
export interface CauseContext {
  /** The index comes out of the record, which is to blame then when it cannot be written to. */
  readonly namedByRecord: boolean;
  /** Of guarded writes: the field of the position. */
  readonly positionField: string | undefined;
}

interface KnownCause extends Cause {
  /** Found in one of the reasons: at its beginning, because what follows may be a document's. */
  readonly reason?: RegExp;
  /** One of the types; with a reason, both. */
  readonly types?: readonly string[];
  /** Only where the option `index` names the index. */
  readonly ofOption?: boolean;
}

const SHARDS =
  "the cluster has as many shards as it may, so no index can be made: delete old indices, add nodes, or raise cluster.max_shards_per_node";
const ROUTING =
  "the index demands a routing, which is not written: leave _routing.required out of its mapping";

/**
 * What nodes say, in the order in which it is looked for. The texts were seen on OpenSearch 2.19.6, and stand in its classes named here; those of
 * Elasticsearch 7 and of Amazon's service differ in single words.
 */
const CAUSES: readonly KnownCause[] = [
  // ShardLimitValidator: "this action would add [2] total shards, but this cluster currently has [999]/[1000] maximum shards open", with the
  // types validation_exception or illegal_argument_exception and the status 400.
  {
    reason: /^Validation Failed: 1: this action would add \[\d+\] (?:\w+ ){0,2}shards/u,
    means: "wait",
    cure: SHARDS,
  },
  // ScriptCache: a circuit breaker of its own, with the status 400 inside "failed to execute script", or 500 alone in older versions.
  {
    reason: /^\[script\] Too many dynamic script compilations/u,
    means: "wait",
    cure: "other scripts use up what may be compiled at a time: give them parameters, or raise script.max_compilations_rate",
  },
  // ScriptService: "cannot execute [inline] scripts", "cannot execute scripts using [update] context", "script_lang not supported [painless]".
  {
    reason: /^cannot execute (?:\[inline\] )?scripts|^script_lang not supported/u,
    means: "refuse",
    cure: 'ordering "guarded" takes inline scripts in Painless for updates: allow them (script.allowed_types, script.allowed_contexts), or leave `ordering` out',
  },
  // ClusterBlocks: 429 at the flood stage of disks, 403 for blocks that somebody set. Amazon's service sets those too, when its disks are full.
  {
    types: ["cluster_block_exception"],
    reason: /\[(?:TOO_MANY_REQUESTS|FORBIDDEN)\/1[02]\//u,
    means: "wait",
    cure: "the disks are full, so writing is blocked: free some space or add some; the block is then lifted by itself",
  },
  {
    types: ["cluster_block_exception"],
    means: "wait",
    cure: "writing is blocked (index.blocks, cluster.blocks, or disks that are full): lift the block",
  },
  // IngestService: "pipeline with id [p] does not exist".
  {
    reason: /^pipeline with id \[/u,
    means: "refuse",
    cure: "the index names an ingest pipeline that does not exist: create it, or take it out of the index's settings",
  },
  // InternalEngine: the index is full, with 2^31 documents in a shard.
  {
    reason: /^Number of documents in shard .* exceeds the limit/u,
    means: "refuse",
    cure: "a shard of the index is full: roll the index over, or give it more shards",
  },
  // BulkRequestParser, for the whole request.
  {
    reason: /^explicit index in bulk is not allowed/u,
    means: "refuse",
    cure: "allow requests that name their index (rest.action.multi.allow_explicit_index)",
  },
  {
    reason: /^(?:Malformed action\/metadata line|Action\/metadata line) /u,
    means: "refuse",
    cure: "the node does not know the actions of _bulk: check that `node` is an OpenSearch, or an Elasticsearch 7",
  },
  { types: ["routing_missing_exception"], means: "refuse", cure: ROUTING },
  {
    types: ["index_not_found_exception"],
    ofOption: true,
    means: "refuse",
    cure: "create the index, correct `index`, or let it be made by itself (action.auto_create_index)",
  },
  { types: ["index_closed_exception"], ofOption: true, means: "refuse", cure: "open the index" },
  // TransportBulkAction.
  {
    reason: /^only write ops with an op_type of create are allowed in data streams/u,
    ofOption: true,
    means: "refuse",
    cure: "the index is a data stream: set `dataStream` to true",
  },
  {
    reason: /^no write index is defined for alias/u,
    ofOption: true,
    means: "refuse",
    cure: "give the alias a write index (is_write_index), or correct `index`",
  },
  // Collections of OpenSearch Serverless for time series and vector search, with the type illegal_argument_exception and the status 400, for each document
  // (opensearch-project/opensearch-py#792).
  {
    reason: /^Document ID is not supported in create\/index operation/u,
    means: "refuse",
    cure: 'the collection takes no ids of its callers: set `id` to "auto", and expect documents that are written twice; or take a collection of type search',
  },
  // Of a whole bulk to one shard that is not there, of a cluster without a leader, of nodes that come and go.
  {
    types: [
      "unavailable_shards_exception",
      "no_shard_available_action_exception",
      "cluster_manager_not_discovered_exception",
      "master_not_discovered_exception",
      "not_master_exception",
      "process_cluster_event_timeout_exception",
      "mapper_exception",
      "node_closed_exception",
      "node_disconnected_exception",
      "node_not_connected_exception",
      "connect_transport_exception",
      "receive_timeout_transport_exception",
      "already_closed_exception",
      "engine_closed_exception",
      "shard_not_found_exception",
      "illegal_index_shard_state_exception",
      "index_shard_closed_exception",
      "index_shard_recovering_exception",
      "index_shard_not_started_exception",
      "retry_on_replica_exception",
      "i_o_exception",
      "task_cancelled_exception",
      "open_search_timeout_exception",
      "elasticsearch_timeout_exception",
    ],
    means: "wait",
    cure: "a part of the cluster is away: see its health (_cluster/health)",
  },
];

/** What a document cannot be read with. The reasons repeat it, and it may say anything. */
const OF_DOCUMENTS: ReadonlySet<string> = new Set(["mapper_parsing_exception", "document_parsing_exception"]);

const OUT_OF_MEMORY: Cause = {
  means: "wait",
  cure: "the nodes are short of memory (circuit breaker): send less at a time (maxRequestBytes), or give them more",
};
const OUT_OF_MEMORY_FOR_GOOD: Cause = {
  means: "wait",
  cure: "the memory of the nodes is taken for good (circuit breaker, PERMANENT): give them more, or clear what they hold (_cache/clear)",
};

/** The cause of a failure that no document is to blame for; undefined when the document may be. Pure. */
export function causeOf(said: Said, { namedByRecord, positionField }: CauseContext): Cause | undefined {
  if (OF_DOCUMENTS.has(said.types[0] ?? "")) return undefined;
  const known = CAUSES.find(
    ({ reason, types, ofOption }) =>
      (ofOption !== true || !namedByRecord) &&
      (reason === undefined || said.reasons.some((text) => reason.test(text))) &&
      (types === undefined || said.types.some((type) => types.includes(type))),
  );
  if (known !== undefined) return known;
  if (said.types.includes("circuit_breaking_exception"))
    return said.isPermanent ? OUT_OF_MEMORY_FOR_GOOD : OUT_OF_MEMORY;
  if (
    positionField !== undefined &&
    said.reasons[0]?.startsWith(
      `mapping set to strict, dynamic introduction of [${positionField}] within`,
    ) === true
  )
    return {
      means: "refuse",
      cure: `the mapping is strict: map the field of the position (${positionField}) as keyword`,
    };
  return undefined;
}

/** Reads an error of an answer, and what caused it. */
export function saidIn(error: unknown): Said {
  const types: string[] = [];
  const reasons: string[] = [];
  let isPermanent = false;
  for (
    let at = error, depth = 0;
    depth < MAX_DEPTH && at !== undefined;
    at = field(at, "caused_by"), depth += 1
  ) {
    const type = field(at, "type");
    if (typeof type === "string" && /^[\w.]{1,100}$/u.test(type)) types.push(type);
    const reason = field(at, "reason");
    if (typeof reason === "string") reasons.push(reason);
    isPermanent ||= field(at, "durability") === "PERMANENT";
  }
  return { types, reasons, isPermanent };
}

/** An error, its cause, and the cause of that: nobody says more of a script or a breaker. */
const MAX_DEPTH = 3;

/** A member of what may be an object. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
