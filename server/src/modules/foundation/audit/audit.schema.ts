// What the audit trail shows.
import Type, { type Static } from 'typebox'
import { IdOf, Nullable, OneOf, PageQuery, Timestamp } from '../../../drivers/http/index.ts'
import type { AuditRow, ChainRow } from './audit.queries.ts'

export const AuditEntry = Type.Object(
  {
    id: IdOf('audit entry'),
    chain: Type.Integer({
      description: 'Which of the chains of the tenant: it has as many as it had writers at one time.',
    }),
    seq: Type.Integer({ description: 'Position in the chain, from 1, without gaps.' }),
    at: Timestamp,
    actor: Type.String({ examples: ['user:cmi8z2n4w0q5t1v7x3y9b6d2'] }),
    actorId: Nullable(Type.String()),
    action: Type.String({ examples: ['roles.edit'] }),
    targetType: Type.String(),
    targetId: Type.String(),
    changes: Type.Unsafe<Record<string, unknown> | null>({ type: ['object', 'null'], additionalProperties: true }),
    ip: Nullable(Type.String()),
    requestId: Nullable(Type.String()),
    tokenId: Nullable(Type.String()),
    hash: Type.String({ description: 'SHA-256 over the previous hash and this entry, hexadecimal.' }),
  },
  { title: 'AuditEntry' },
)
export type AuditEntry = Static<typeof AuditEntry>

const filters = {
  actor: Type.Optional(
    IdOf('user', { minLength: 0, maxLength: 100, description: 'Id of the user or admin who acted.' }),
  ),
  action: Type.Optional(
    Type.String({ maxLength: 100, description: 'An action (`roles.edit`) or everything of a noun (`roles`).' }),
  ),
  target: Type.Optional(IdOf('user', { minLength: 0, maxLength: 100, description: 'Id of what was acted on.' })),
  from: Type.Optional(Timestamp),
  to: Type.Optional(Timestamp),
}
const AuditFilter = Type.Object(filters)
export type AuditFilter = Static<typeof AuditFilter>

export const AuditQuery = Type.Object({
  page: PageQuery.page,
  limit: PageQuery.limit,
  cursor: PageQuery.cursor,
  ...filters,
})
export type AuditQuery = Static<typeof AuditQuery>

export const AuditExportQuery = Type.Object({
  format: Type.Optional(OneOf(['csv', 'ndjson'], { default: 'csv' })),
  ...filters,
})
export type AuditExportQuery = Static<typeof AuditExportQuery>

export const AuditVerdict = Type.Object(
  {
    state: OneOf(['intact', 'broken']),
    entries: Type.Integer({ description: 'How many entries hold, up to the first that does not.' }),
    chain: Nullable(Type.Integer({ description: 'The chain of the first entry that does not.' })),
    firstBad: Nullable(Type.Integer({ description: 'Position of that entry in its chain.' })),
    reason: Nullable(Type.String({ examples: ['changed'] })),
  },
  { title: 'AuditVerdict' },
)
export type AuditVerdict = Static<typeof AuditVerdict>

/** What is said of a tenant's chains. */
export function toAuditVerdict({ checked, badChain, badSeq, fault }: ChainRow): AuditVerdict {
  const state = badSeq === null ? 'intact' : 'broken'
  return { state, entries: checked, chain: badChain, firstBad: badSeq, reason: fault }
}

/** Every field of an entry that leaves. */
export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    chain: row.chain,
    seq: row.seq,
    at: row.at.toISOString(),
    actor: row.actor,
    actorId: row.actorId,
    action: row.action,
    targetType: row.targetType,
    targetId: row.targetId,
    changes: row.changes,
    ip: row.ip,
    requestId: row.requestId,
    tokenId: row.tokenId,
    hash: row.hash,
  }
}
