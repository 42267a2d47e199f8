import { checkOptions, invalidOption, type OptionNames } from "@kinesis-connectors/core";

/** Credentials as the AWS SDK takes them, or a function that fetches them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** What the SDK's providers give; all but the first four are of no use here, and stand in what they return. */
interface ProvidedCredentials extends AwsCredentials {
  readonly credentialScope?: string;
  readonly accountId?: string;
  readonly $source?: unknown;
}

const NAMES: OptionNames<ProvidedCredentials> = {
  accessKeyId: "required",
  secretAccessKey: "required",
  sessionToken: true,
  expiration: true,
  credentialScope: true,
  accountId: true,
  $source: true,
};

/**
 * Checks credentials that a caller gave as they are; a function that fetches them is not called. A misspelt `sessionToken` would be left out in silence, and
 * the keys refused by the service as wrong ones.
 *
 * @param option the option's name, for the message; no value is ever part of it
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkCredentials(option: string, given: unknown): void {
  if (given === undefined || typeof given === "function") return;
  if (typeof given !== "object" || given === null)
    throw invalidOption(
      `${option} must be an object with accessKeyId and secretAccessKey, or a function that fetches one`,
    );
  const keys = given as AwsCredentials;
  // Classes of other SDKs have members of their own.
  const prototype: unknown = Object.getPrototypeOf(keys);
  if (prototype === Object.prototype || prototype === null) checkOptions(option, keys, NAMES);
  for (const name of ["accessKeyId", "secretAccessKey", "sessionToken"] as const) {
    const value: unknown = keys[name];
    if (value === undefined && name === "sessionToken") continue;
    if (typeof value !== "string" || value === "" || value.trim() !== value)
      throw invalidOption(`${option}.${name} must be a text that is not empty and has no blanks around it`);
  }
}
