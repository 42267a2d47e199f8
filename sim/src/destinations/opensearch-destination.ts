import { openSearchEmitter } from "@kinesis-connectors/opensearch";
import { type DestinationParts, type SimDestination, driving } from "./destination.js";
import { NewestChecker, type Version } from "../checks/newest-checker.js";
import { revisionOf } from "../payload.js";
import type { Output } from "../sim-pipeline.js";
import { SimOpenSearch, type StoredDocument } from "../services/sim-opensearch.js";

type Mode = "index" | "create" | "guarded" | "versioned";

/** By `Scenario.variant`. */
const MODES: readonly Mode[] = ["index", "create", "guarded", "index", "create", "versioned"];

/**
 * Records as documents, each once under whatever id it came to have; or, `guarded`, one document for each key, which must be its last
 * record in the end, or, `versioned`, the one with the highest version of its own.
 */
export function openSearchDestination(parts: DestinationParts): SimDestination {
  const { scenario, landings, report, isUnguarded } = parts;
  const mode = MODES[scenario.variant] ?? "index";
  const isVersioned = mode === "versioned";
  const isGuarded = mode === "guarded" || isVersioned;
  const newest = new NewestChecker(parts.ledger, report, isVersioned ? revisionOf : undefined);
  const versionIn = ({ key, at, n }: StoredDocument): Version | undefined => newest.versionAt(key, at, n);
  const index = new SimOpenSearch({
    network: parts.network,
    random: parts.random,
    temper: { refused: scenario.faultRate },
    isUnguarded,
    stored: (id, document, before) => {
      const version = versionIn(document);
      if (version === undefined) return;
      if (isGuarded) {
        newest.written(document.key, version);
        if (id !== document.key) report({ rule: "phantom", what: `${id} holds a record of ${document.key}` });
      } else if (before === undefined) landings.land(version.entry, version.output, false, id);
      else if (before.id !== document.id || before.n !== document.n)
        report({ rule: "phantom", what: `${id} held ${before.at} ${before.n}, and holds ${document.at}` });
    },
  });

  return {
    drive: driving(parts, (process) => {
      const place = { node: "http://localhost:9200", index: "simulated" };
      const byKey = {
        ordering: "guarded" as const,
        id: ({ key }: Output) => key,
        ...(isVersioned && !parts.isUnversioned ? { version: ({ id }: Output) => revisionOf(id) } : {}),
      };
      // Ids that are made up anew are what positions are there to spare.
      const byChance = isUnguarded ? { id: () => process.random.uuid() } : {};
      return openSearchEmitter<Output>(
        mode === "index" || mode === "create"
          ? { ...place, ...byChance, operation: mode }
          : { ...place, ...byKey },
        index.connectionsOf(process),
      );
    }),
    calm: () => {
      index.temper.refused = 0;
    },
    ...(isGuarded ? { hasLanded: newest.hasLanded } : {}),
    checkEnd: () => {
      if (!isGuarded) return 0;
      return newest.checkEnd((key) => {
        const document = index.documents.get(key);
        return document === undefined ? undefined : versionIn(document);
      });
    },
    storedCount: () => index.documents.size,
  };
}
