import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

/** S3 in memory, for what is not about S3: a hundred commits over sockets take as long as all other tests. */
export function memoryS3(): { readonly client: S3Client; readonly objects: Map<string, Buffer> } {
  const objects = new Map<string, Buffer>();
  const client = new S3Client({ region: "eu-central-1", endpoint: "http://127.0.0.1:1" });
  const send = (command: unknown): Promise<unknown> => {
    if (command instanceof PutObjectCommand) {
      const { Bucket, Key, Body, IfNoneMatch } = command.input;
      const place = `s3://${Bucket}/${Key}`;
      if (IfNoneMatch === "*" && objects.has(place))
        return Promise.reject(failure("PreconditionFailed", 412));
      if (!Buffer.isBuffer(Body)) throw new TypeError("an object is a Buffer here");
      objects.set(place, Buffer.from(Body));
      return Promise.resolve({});
    }
    if (command instanceof GetObjectCommand) {
      const found = objects.get(`s3://${command.input.Bucket}/${command.input.Key}`);
      if (found === undefined) return Promise.reject(failure("NoSuchKey", 404));
      return Promise.resolve({ Body: { transformToByteArray: () => Promise.resolve(found) } });
    }
    throw new TypeError("the S3 in memory puts and gets");
  };
  return { client: Object.assign(client, { send }), objects };
}

function failure(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
}
