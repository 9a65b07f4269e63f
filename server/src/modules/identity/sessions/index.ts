// The door of the sessions module.
export {
  type AccessClaims,
  type AccessTokens,
  createAccessTokens,
  type Realm,
  type SigningKey,
} from './access-tokens.ts'
export type { SessionLife } from './lives.ts'
export { createRefreshTokens } from './refresh-tokens.ts'
export { sessionErrors } from './sessions.errors.ts'
export { sessionEvents } from './sessions.events.ts'
export type { ImpersonationRow } from './sessions.queries.ts'
export { sessionRoutes } from './sessions.routes.ts'
export { Tokens, toTokens } from './sessions.schema.ts'
export {
  createSessions,
  type SessionRow,
  type Sessions,
  type TokenPair,
} from './sessions.service.ts'
