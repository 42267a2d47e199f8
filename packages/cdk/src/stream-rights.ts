import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import { type PolicyDocumentJson, rightsFrom } from "./rights-from.js";

const OF_KEY = "OnlyForEncryptedStreams";

/** What a policy grants on a stream, in whichever account that lies, and on its key where it has one of the customer's. `without` names other statements. */
export function streamRights(
  policy: PolicyDocumentJson,
  stream: IStream,
  without: readonly string[] = [],
): PolicyStatement[] {
  const sids = policy.Statement.map(({ Sid }) => Sid);
  const onStream = rightsFrom(policy, {
    names: { REGION: stream.env.region, ACCOUNT: stream.env.account, STREAM: stream.streamName },
    without: sids.filter((sid) => sid === OF_KEY || without.includes(sid)),
  });
  const key = stream.encryptionKey;
  if (key === undefined || !sids.includes(OF_KEY)) return onStream;
  const onKey = rightsFrom(policy, {
    names: { REGION: key.env.region, ACCOUNT: key.env.account, KEY: key.keyId },
    without: sids.filter((sid) => sid !== OF_KEY),
  });
  return [...onStream, ...onKey];
}
