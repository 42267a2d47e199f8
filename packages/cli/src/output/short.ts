/** The number of a shard, or its whole id where it has none. */
export function shortShard(shardId: string): string {
  const [, number] = /^shardId-0*(\d+)$/.exec(shardId) ?? [];
  return number ?? shardId;
}

/** A position as its last digits: `...136492 (.0)`; a sentinel as it is. */
export function shortPosition(checkpoint: string, subSequenceNumber: number): string {
  if (!/^\d+$/.test(checkpoint)) return checkpoint;
  const digits = checkpoint.length > 6 ? `...${checkpoint.slice(-6)}` : checkpoint;
  return `${digits} (.${subSequenceNumber})`;
}

const UUID = /^(.*[:/_-])?([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAX_OWNER = 40;

/** An owner with the first letters of its unique part: `host-a:3f1c`. */
export function shortOwner(owner: string): string {
  const [, host = "", unique] = UUID.exec(owner) ?? [];
  const text = unique === undefined ? owner : `${host}${unique}`;
  return text.length > MAX_OWNER ? `${text.slice(0, MAX_OWNER - 3)}...` : text;
}
