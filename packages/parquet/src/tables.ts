/** What a package of tables needs of this one: columns with ids, the conversion of single values, files with their statistics. */
export { converterOf, Misfit, type Convert } from "./convert.js";
export { schemaFrom } from "./schema.js";
export { type Column, isFields, type ScalarName, type StructType, type Type } from "./types.js";
export {
  compareValues,
  type LeafStatistics,
  type TableFile,
  tableFileWriter,
  type TableFileOptions,
  type WriteTableFile,
} from "./table-file.js";
