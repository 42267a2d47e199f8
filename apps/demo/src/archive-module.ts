import { type ArchiveOptions, archivePipeline } from "@kinesis-connectors/app-archive-to-s3";

const OPTIONS = "options";

/**
 * The URL of this module, with what its pipeline is made of: functions cannot travel into a thread, values can. Nothing of it is secret,
 * for the local S3 takes any credentials.
 */
export function archiveModule(options: Omit<ArchiveOptions, "logger">): URL {
  const url = new URL(import.meta.url);
  url.searchParams.set(OPTIONS, JSON.stringify(options));
  return url;
}

/** Called in each thread, once. */
export default function pipeline(): ReturnType<typeof archivePipeline> {
  const options = new URL(import.meta.url).searchParams.get(OPTIONS);
  return archivePipeline(JSON.parse(options ?? "{}"));
}
