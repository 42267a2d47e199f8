import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { Bucket } from "./bucket.js";
import { CallError } from "../world/call-error.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import { NOWHERE, type Operation, serviceClient } from "../world/service-client.js";
import type { SimProcess } from "../world/sim-process.js";

/** How the simulated S3 behaves beyond calls that fail on the way. */
export interface S3Temper {
  /** Of a conditional write answered 409, because another one is under way; not carried out. */
  conflicts: number;
  /** Of a Complete that answers 200 with an error inside, which the SDK's client throws; half of them are carried out. */
  errorsInside: number;
}

/** A change of what the bucket does, for a variant of the protocol that is broken on purpose. */
export interface BrokenBucket {
  readonly keyOf: (key: string) => string;
  /** Whether anything at a key counts as the batch's own. */
  readonly takenIsDone: boolean;
}

/** S3 as the SDK's client shows it, over a bucket in memory. */
export class SimS3 {
  readonly temper: S3Temper;
  readonly #bucket: Bucket;
  readonly #network: Network;
  readonly #random: SeededRandom;
  readonly #broken: BrokenBucket | undefined;

  constructor(options: {
    readonly bucket: Bucket;
    readonly network: Network;
    readonly random: SeededRandom;
    readonly temper: S3Temper;
    readonly broken: BrokenBucket | undefined;
  }) {
    this.#bucket = options.bucket;
    this.#network = options.network;
    this.#random = options.random;
    this.temper = options.temper;
    this.#broken = options.broken;
  }

  /** The client of one process. */
  clientOf(process: SimProcess): S3Client {
    return serviceClient(realClient, process, {
      network: this.#network,
      to: "s3",
      throttled: ["SlowDown", 503],
      operation: (command) => {
        const asked = this.#operation(command);
        return asked.about.endsWith(".dead.ndjson") ? { ...asked, name: `${asked.name} dead` } : asked;
      },
    });
  }

  #operation(command: unknown): Operation {
    if (command instanceof PutObjectCommand) {
      const { Key, Body, Metadata, IfNoneMatch } = command.input;
      const key = this.#keyOf(Key);
      return {
        name: "PutObject",
        about: key,
        apply: () => {
          this.#mayConflict(IfNoneMatch);
          this.#put(() =>
            this.#bucket.put({ key, body: bodyOf(Body), metadata: { ...Metadata } }, IfNoneMatch === "*"),
          );
          return {};
        },
      };
    }
    if (command instanceof HeadObjectCommand) {
      const key = this.#keyOf(command.input.Key);
      return { name: "HeadObject", about: key, apply: () => ({ Metadata: this.#bucket.head(key).metadata }) };
    }
    if (command instanceof GetObjectCommand) {
      const key = this.#keyOf(command.input.Key);
      return { name: "GetObject", about: key, apply: () => this.#get(key) };
    }
    if (command instanceof HeadBucketCommand) return { name: "HeadBucket", about: "", apply: () => ({}) };
    return this.#multipartOperation(command);
  }

  #multipartOperation(command: unknown): Operation {
    if (command instanceof CreateMultipartUploadCommand) {
      const { Key, Metadata } = command.input;
      const key = this.#keyOf(Key);
      return {
        name: "CreateMultipartUpload",
        about: key,
        apply: () => ({ UploadId: this.#bucket.createUpload(key, { ...Metadata }) }),
      };
    }
    if (command instanceof UploadPartCommand) {
      const { Key, UploadId = "", PartNumber = 0, Body } = command.input;
      return {
        name: "UploadPart",
        about: this.#keyOf(Key),
        apply: () => ({ ETag: this.#bucket.putPart(UploadId, PartNumber, bodyOf(Body)) }),
      };
    }
    if (command instanceof CompleteMultipartUploadCommand) {
      const { Key, UploadId = "", MultipartUpload, IfNoneMatch } = command.input;
      return {
        name: "CompleteMultipartUpload",
        about: this.#keyOf(Key),
        apply: () => {
          this.#mayConflict(IfNoneMatch);
          const parts = (MultipartUpload?.Parts ?? []).map(({ PartNumber = 0 }) => PartNumber);
          const isWrong = this.#random.chance(this.temper.errorsInside);
          if (!isWrong || this.#random.chance(0.5))
            this.#put(() => this.#bucket.completeUpload(UploadId, parts, IfNoneMatch === "*"));
          if (isWrong) throw new CallError("InternalError", 200);
          return {};
        },
      };
    }
    if (command instanceof AbortMultipartUploadCommand) {
      const { Key, UploadId = "" } = command.input;
      return {
        name: "AbortMultipartUpload",
        about: this.#keyOf(Key),
        apply: () => {
          this.#bucket.abortUpload(UploadId);
          return {};
        },
      };
    }
    throw new Error("the simulated S3 does not know the command");
  }

  #mayConflict(ifNoneMatch: string | undefined): void {
    if (ifNoneMatch !== undefined && this.#random.chance(this.temper.conflicts))
      throw new CallError("ConditionalRequestConflict", 409);
  }

  #put(write: () => void): void {
    try {
      write();
    } catch (error) {
      const isTaken = error instanceof CallError && error.name === "PreconditionFailed";
      if (!isTaken || this.#broken?.takenIsDone !== true) throw error;
    }
  }

  #get(key: string): object {
    const { body } = this.#bucket.head(key);
    return { Body: { transformToByteArray: () => Promise.resolve(body) } };
  }

  #keyOf(key: string | undefined): string {
    return this.#broken === undefined ? (key ?? "") : this.#broken.keyOf(key ?? "");
  }
}

const realClient = new S3Client(NOWHERE);

function bodyOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new Error("the simulated S3 takes a Buffer as the body");
}
