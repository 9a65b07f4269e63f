// The audit trail over HTTP.
import { pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { AuditEntry, AuditQuery, AuditVerdict } from './audit.schema.ts'
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
    route({
      method: 'GET',
      path: '/audit-logs/verify',
      operation: 'audit.verify',
      access: 'audit:view',
      summary: 'Verify the chain of the audit trail',
      description:
        'Reads every entry of the tenant. An entry that was changed or removed, also at the end, breaks the chain; the answer names the first one.',
      answer: AuditVerdict,
      handle: ({ actor }) => audit.verify(actor.tenantId),
    }),
  ]
}
