export { archivePipeline, type ArchiveOptions } from "./archive.js";
