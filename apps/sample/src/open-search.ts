import type { LocalAws } from "@kinesis-connectors/local";

const BULK = { server: "opensearch", operation: "Bulk" } as const;

/** From now on OpenSearch refuses 2 % of the documents for a while, and loses 5 % of the replies. */
export function hinderOpenSearch(aws: LocalAws): void {
  const always = { ...BULK, times: "always" } as const;
  aws.faults.add({
    ...always,
    id: "throttled documents",
    effect: { kind: "partial-failure", share: 0.02 },
  });
  aws.faults.add({ ...always, id: "lost replies", probability: 0.05, effect: { kind: "reply-lost" } });
}

/** How many bulk requests met a fault. */
export function bulkRequestsHindered(aws: LocalAws): number {
  return aws.journal.entries(BULK).filter((entry) => entry.faults !== undefined).length;
}

/**
 * Asks OpenSearch a question about its indices; the answer is as its API reference has it.
 * @throws where it answers with anything but success
 */
export async function askOpenSearch(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`OpenSearch answered ${answer.status} to a question about the index`);
  return answer.json();
}
