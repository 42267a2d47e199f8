// What is used of the module, and no more: a bundler leaves out the rest.
export { AwsJson1_1Protocol } from "@aws-sdk/core/protocols";
