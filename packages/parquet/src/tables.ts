/** What a package of tables needs of this one: columns with ids, the conversion of single values, files with their statistics. */
export { converterOf, Misfit, type Convert } from "./columns/convert.js";
export { schemaFrom } from "./columns/schema.js";
export { type Column, isFields, type ScalarName, type StructType, type Type } from "./columns/types.js";
export {
  compareValues,
  type LeafStatistics,
  type TableFile,
  tableFileWriter,
  type TableFileOptions,
  type WriteTableFile,
} from "./files/table-file.js";
