// Prints the ids that lie in the bucket, in order, as JSON.
import { gunzipSync } from "node:zlib";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";

const client = new S3Client({ forcePathStyle: true });
const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: "archive" }));
if (IsTruncated) throw new Error("more objects than one page lists");
const objects = await Promise.all(
  Contents.filter(({ Key }) => Key.endsWith(".gz")).map(({ Key }) =>
    client
      .send(new GetObjectCommand({ Bucket: "archive", Key }))
      .then(({ Body }) => Body.transformToByteArray()),
  ),
);
const ids = objects.flatMap((bytes) =>
  gunzipSync(bytes)
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id),
);
process.stdout.write(JSON.stringify(ids.toSorted((a, b) => a - b)));
