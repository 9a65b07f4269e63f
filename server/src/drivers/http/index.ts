// The door of the HTTP driver.

export { networkOf } from './addresses.ts'
export { dispositionOf } from './disposition.ts'
export { type Endpoint, endpointsOf } from './endpoints.ts'
export { matches } from './etags.ts'
export type { Authenticator } from './guard.ts'
export { admits, missingPermission } from './guard.ts'
export { createIdempotency, type Idempotency } from './idempotency.ts'
export { postgresLimitStore } from './limits.postgres.ts'
export { redisLimitStore } from './limits.redis.ts'
export { createLimiter, type LimitStore, memoryLimitStore, type RateLimiter } from './limits.ts'
export { halolightDocument, mainDocument } from './openapi.ts'
export {
  type Access,
  alias,
  Binary,
  Download,
  isPublic,
  type KeptFile,
  permissionOf,
  type RequestFacts,
  type Route,
  route,
  Streamed,
  type UploadedFile,
  type UploadSink,
} from './routes.ts'
export {
  Body,
  Deleted,
  Email,
  IdList,
  IdOf,
  IdParams,
  Message,
  Nullable,
  OneOf,
  PageQuery,
  pageAnswer,
  sorting,
  Text,
  Timestamp,
} from './schemas.ts'
export { createHttp, type HttpOptions, type HttpServer } from './server.ts'
export type { HeldStream, Outlet, Streaming } from './streams.ts'
export { bodyReader, READ_APART } from './validation.ts'
