export {
  KinesisConnectorFunction,
  type KinesisConnectorFunctionProps,
} from "./kinesis-connector-function.js";
export { KinesisConnectorService, type KinesisConnectorServiceProps } from "./kinesis-connector-service.js";
export type { ServiceScaling } from "./service-scaling.js";
export { type PolicyDocumentJson, rightsFrom, type RightsOptions } from "./rights-from.js";
