import { OpenSearchError } from "./errors.js";
import type { Settings } from "./settings.js";

/** What blocks writing: the setting after its prefix, and how the service calls it (IndexMetadata, Metadata: `ClusterBlock`). */
const BLOCKS = [
  [
    "read_only_allow_delete",
    429,
    "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
  ],
  ["read_only", 403, "FORBIDDEN/5/index read-only (api)"],
  ["write", 403, "FORBIDDEN/8/index write (api)"],
  ["metadata", 403, "FORBIDDEN/9/index metadata (api)"],
] as const;

/** Refuses a write to an index that is blocked by its settings. */
export function requireUnblocked(name: string, settings: Settings): void {
  for (const [block, status, text] of BLOCKS) {
    if (settings.get(`index.blocks.${block}`) !== "true") continue;
    throw new OpenSearchError("cluster_block_exception", `index [${name}] blocked by: [${text}];`, status);
  }
}

/** Refuses any write while the whole cluster is read-only. */
export function requireWritableCluster(settings: Settings): void {
  if (settings.get("cluster.blocks.read_only") !== "true") return;
  throw new OpenSearchError(
    "cluster_block_exception",
    "blocked by: [FORBIDDEN/6/cluster read-only (api)];",
    403,
  );
}
