export type { Env } from "./document/variables.js";
export type { ConnectorFile, PartConfig } from "./file/connector-file.js";
export type {
  AddressConfig,
  AdminConfig,
  EmfConfig,
  HealthConfig,
  TelemetryConfig,
} from "./file/process-config.js";
export type {
  FanOutConfig,
  PollingConfig,
  PositionAtConfig,
  ServiceCredentialsConfig,
  SourceConfig,
} from "./file/source-config.js";
export type {
  BytesTransformConfig,
  CompressibleConfig,
  FilterConfig,
  JsonLinesTransformConfig,
  JsonTransformConfig,
  TextTransformConfig,
  TransformConfig,
} from "./file/transform-config.js";
export { type LeasePlace, leaseTableAt } from "./parts/lease-store.js";
export type { LeaseStoreConfig } from "./file/lease-store-config.js";
export { loadConfig, loadSource, validateConfig, type ValidateOptions } from "./load-config.js";
export type { LoadedConfig, LoadedSource, LoadOptions, LeaseStore } from "./loaded-config.js";
export { ConfigError, type Problem, problemLine } from "./document/problem.js";
export { configSchema } from "./config-schema.js";
export {
  fromProperties,
  type FromProperties,
  type FromPropertiesOptions,
  type YamlFile,
} from "./properties/from-properties.js";
