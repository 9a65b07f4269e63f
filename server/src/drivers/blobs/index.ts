// The door of the blobs driver.
export { type AzureOptions, createAzureStore } from './azure.ts'
export { createDiskStore } from './disk.ts'
export { EndpointRefused, isPublicAddress, refusalBehind } from './endpoints.ts'
export { createS3Store, type S3Options } from './s3.ts'
export {
  BlobMissing,
  type BlobStat,
  type BlobStore,
  type ByteRange,
  blobErrors,
  blobIdOf,
  blobKey,
  thumbnailKey,
} from './store.ts'
export { tryStore } from './trying.ts'
