/** For packages whose tables lie in S3: objects in whichever buckets, under names that stand for their bytes. */
export {
  OBJECT_STORE_OPTIONS,
  type ObjectPlace,
  type ObjectStore,
  objectStore,
  type ObjectStoreOptions,
} from "./objects/object-store.js";
