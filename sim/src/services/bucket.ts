import { CallError } from "../world/call-error.js";

/** An object that exists. */
export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Upload {
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
}

/** A bucket in memory: objects appear whole, conditional creation, multipart uploads. Told of each object that comes into being. */
export class Bucket {
  readonly objects: Map<string, StoredObject> = new Map();
  readonly #uploads = new Map<string, Upload>();
  readonly #created: (object: StoredObject) => void;
  /** What others have put where it is in the way. */
  readonly #strangers = new Set<StoredObject>();
  /** Told of a key at which a stranger's object was written over. */
  overwritten: (key: string) => void = () => undefined;
  #lastUpload = 0;

  constructor(created: (object: StoredObject) => void) {
    this.#created = created;
  }

  put(object: StoredObject, ifNoneMatch: boolean): void {
    if (ifNoneMatch && this.objects.has(object.key)) throw new CallError("PreconditionFailed", 412);
    const before = this.objects.get(object.key);
    if (before !== undefined && this.#strangers.has(before)) this.overwritten(object.key);
    this.objects.set(object.key, object);
    this.#created(object);
  }

  /** Somebody else puts an object at a key, if nothing is there; returns whether nothing was. */
  putStranger(object: StoredObject): boolean {
    if (this.objects.has(object.key)) return false;
    this.#strangers.add(object);
    this.objects.set(object.key, object);
    return true;
  }

  /** An operator moves the objects of strangers away. */
  removeStrangers(): void {
    for (const object of this.#strangers)
      if (this.objects.get(object.key) === object) this.objects.delete(object.key);
    this.#strangers.clear();
  }

  head(key: string): StoredObject {
    const object = this.objects.get(key);
    if (object === undefined) throw new CallError("NotFound", 404);
    return object;
  }

  createUpload(key: string, metadata: Readonly<Record<string, string>>): string {
    this.#lastUpload += 1;
    const id = `upload-${this.#lastUpload}`;
    this.#uploads.set(id, { key, metadata, parts: new Map() });
    return id;
  }

  putPart(uploadId: string, partNumber: number, body: Buffer): string {
    this.#upload(uploadId).parts.set(partNumber, body);
    return `"${uploadId}-${partNumber}"`;
  }

  completeUpload(uploadId: string, partNumbers: readonly number[], ifNoneMatch: boolean): void {
    const { key, metadata, parts } = this.#upload(uploadId);
    const bodies = partNumbers.map((partNumber) => {
      const body = parts.get(partNumber);
      if (body === undefined) throw new CallError("InvalidPart", 400);
      return body;
    });
    this.put({ key, body: Buffer.concat(bodies), metadata }, ifNoneMatch);
    this.#uploads.delete(uploadId);
  }

  abortUpload(uploadId: string): void {
    this.#upload(uploadId);
    this.#uploads.delete(uploadId);
  }

  #upload(uploadId: string): Upload {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) throw new CallError("NoSuchUpload", 404);
    return upload;
  }
}
