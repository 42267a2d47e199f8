// What is used of the module, and no more: a bundler leaves out the rest.
export { NodeHttpHandler } from "@smithy/node-http-handler";
