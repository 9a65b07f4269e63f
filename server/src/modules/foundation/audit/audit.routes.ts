// The audit trail over HTTP.
import { pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { AuditEntry, AuditQuery } from './audit.schema.ts'
import type { Audit } from './audit.service.ts'

export function auditRoutes(audit: Audit): Route[] {
  return [
    route({
      method: 'GET',
      path: '/audit-logs',
      operation: 'audit.list',
      access: 'audit:view',
      summary: 'List what was done in the tenant, newest first',
      query: AuditQuery,
      answer: pageAnswer(AuditEntry),
      handle: ({ actor, query }) => audit.list(actor, query),
    }),
  ]
}
