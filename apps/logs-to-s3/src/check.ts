/** How the archive compares with what was put. */
export interface LogsCheck {
  /** Log events in records that arrived whole. */
  readonly events: number;
  readonly landed: number;
  readonly lost: number;
  readonly duplicated: number;
}

/** Compares by the ids of log events. */
export function checkLogs(put: readonly string[], archived: readonly string[]): LogsCheck {
  const missing = new Set(put);
  let duplicated = 0;
  for (const id of archived) if (!missing.delete(id)) duplicated += 1;
  return { events: put.length, landed: archived.length, lost: missing.size, duplicated };
}
