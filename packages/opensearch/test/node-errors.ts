/** Answers about one document, with the status, as OpenSearch 2.19.6 gave them; the last two are of others. */
export interface NodeError {
  readonly status: number;
  readonly error: Readonly<Record<string, unknown>>;
}

const inScript = (cause: object): NodeError => ({
  status: 400,
  error: { type: "illegal_argument_exception", reason: "failed to execute script", caused_by: cause },
});
const illegal = (reason: string): NodeError => ({
  status: 400,
  error: { type: "illegal_argument_exception", reason },
});
const blocked = (status: number, block: string): NodeError => ({
  status,
  error: { type: "cluster_block_exception", reason: `index [clicks] blocked by: [${block}];` },
});

/** No document is to blame, and it passes: by itself, or once an operator has made room. */
export const OUTAGES: readonly (readonly [name: string, error: NodeError, cure: RegExp])[] = [
  [
    "no room for another index",
    {
      status: 400,
      error: {
        type: "validation_exception",
        reason:
          "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has [12]/[1] maximum shards open;",
      },
    },
    /as many shards as it may.*cluster\.max_shards_per_node/u,
  ],
  [
    "no room for another index, on the service of AWS",
    illegal(
      "Validation Failed: 1: this action would add [6] shards, but this cluster currently has [9000]/[9000] maximum normal shards open;",
    ),
    /cluster\.max_shards_per_node/u,
  ],
  [
    "disks at the flood stage",
    blocked(
      429,
      "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
    ),
    /disks are full/u,
  ],
  ["a block on writing", blocked(403, "FORBIDDEN/8/index write (api)"), /lift the block/u],
  ["a read-only index", blocked(403, "FORBIDDEN/5/index read-only (api)"), /lift the block/u],
  [
    "no index may be made",
    blocked(403, "FORBIDDEN/10/cluster create-index blocked (api)"),
    /disks are full/u,
  ],
  [
    "too many scripts compiled",
    inScript({
      type: "circuit_breaking_exception",
      reason:
        "[script] Too many dynamic script compilations within, max: [1/1h]; please use indexed, or scripts with parameters instead; this limit can be changed by the [script.max_compilations_rate] setting",
      bytes_wanted: 0,
      bytes_limit: 0,
      durability: "TRANSIENT",
    }),
    /script\.max_compilations_rate/u,
  ],
  [
    "too many scripts compiled, as older nodes say it",
    inScript({
      type: "general_script_exception",
      reason: "Failed to compile inline script [...] using lang [painless]",
      caused_by: {
        type: "circuit_breaking_exception",
        reason: "[script] Too many dynamic script compilations within one minute",
      },
    }),
    /script\.max_compilations_rate/u,
  ],
  [
    "a circuit breaker",
    {
      status: 429,
      error: {
        type: "circuit_breaking_exception",
        reason:
          "[parent] Data too large, data for [indices:data/write/bulk[s]] would be [1/1mb], which is larger than the limit of [1/1mb]",
        durability: "TRANSIENT",
      },
    },
    /maxRequestBytes/u,
  ],
  [
    "a circuit breaker of memory that nobody gives back",
    {
      status: 429,
      error: {
        type: "circuit_breaking_exception",
        reason: "[parent] Data too large",
        durability: "PERMANENT",
      },
    },
    /PERMANENT/u,
  ],
  [
    "a shard without its primary",
    {
      status: 503,
      error: {
        type: "unavailable_shards_exception",
        reason: "[clicks][0] primary shard is not active Timeout: [1m]",
      },
    },
    /_cluster\/health/u,
  ],
  [
    "a mapping that took too long",
    {
      status: 500,
      error: { type: "mapper_exception", reason: "timed out while waiting for a dynamic mapping update" },
    },
    /_cluster\/health/u,
  ],
  [
    "a full queue",
    { status: 429, error: { type: "rejected_execution_exception", reason: "rejected execution" } },
    /HTTP 429/u,
  ],
];

/** No document is to blame, and waiting mends nothing. */
export const MISTAKES: readonly (readonly [name: string, error: NodeError, cure: RegExp])[] = [
  [
    "scripts that are off",
    inScript({ type: "illegal_argument_exception", reason: "cannot execute [inline] scripts" }),
    /script\.allowed_types/u,
  ],
  [
    "scripts that are off for updates",
    inScript({ type: "illegal_argument_exception", reason: "cannot execute scripts using [update] context" }),
    /script\.allowed_contexts/u,
  ],
  [
    "a node without Painless",
    inScript({ type: "illegal_argument_exception", reason: "script_lang not supported [painless]" }),
    /Painless/u,
  ],
  ["a pipeline that is not there", illegal("pipeline with id [missing] does not exist"), /ingest pipeline/u],
  [
    "an alias without a write index",
    illegal(
      "no write index is defined for alias [al]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices without one being designated as a write index",
    ),
    /is_write_index/u,
  ],
  [
    "an index that demands a routing",
    {
      status: 400,
      error: { type: "routing_missing_exception", reason: "routing is required for [clicks]/[1]" },
    },
    /_routing/u,
  ],
  [
    "a strict mapping without the field of the position",
    {
      status: 400,
      error: {
        type: "strict_dynamic_mapping_exception",
        reason: "mapping set to strict, dynamic introduction of [kcPosition] within [_doc] is not allowed",
      },
    },
    /kcPosition/u,
  ],
  [
    "a closed index",
    { status: 400, error: { type: "index_closed_exception", reason: "closed" } },
    /open the index/u,
  ],
  [
    "an index that is not made by itself",
    {
      status: 404,
      error: {
        type: "index_not_found_exception",
        reason: "no such index [clicks] and [action.auto_create_index] ([+a*,-b*]) doesn't match",
      },
    },
    /action\.auto_create_index/u,
  ],
];

/** The document is to blame. */
export const POISON: readonly (readonly [name: string, error: NodeError])[] = [
  [
    "a value that does not fit",
    {
      status: 400,
      error: {
        type: "mapper_parsing_exception",
        reason:
          "failed to parse field [a] of type [date] in document with id '1'. Preview of field's value: 'Validation Failed: 1: this action would add [2] shards'",
        caused_by: {
          type: "illegal_argument_exception",
          reason: "pipeline with id [missing] does not exist",
        },
      },
    },
  ],
  [
    "a term that is too long",
    {
      status: 400,
      error: {
        type: "illegal_argument_exception",
        reason: 'Document contains at least one immense term in field="k"',
        caused_by: {
          type: "max_bytes_length_exceeded_exception",
          reason: "bytes can be at most 32766 in length; got 40000",
        },
      },
    },
  ],
  ["more fields than an index may have", illegal("Limit of total fields [1000] has been exceeded")],
  [
    "a document that is there with another type in the field of the position",
    inScript({
      type: "script_exception",
      reason: "runtime error",
      caused_by: { type: "class_cast_exception", reason: "" },
    }),
  ],
];
