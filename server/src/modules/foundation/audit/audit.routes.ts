// The audit trail over HTTP.
import Type from 'typebox'
import { pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { AuditEntry, AuditExportQuery, AuditQuery, AuditVerdict } from './audit.schema.ts'
import type { Audit } from './audit.service.ts'

export function auditRoutes(audit: Audit): Route[] {
  return [
    route({
      method: 'GET',
      path: '/audit-logs',
      operation: 'audit.list',
      access: 'audit:view',
      summary: 'List what was done in the tenant, newest first',
      description: 'The total is exact; that of a filter counts to 10,000.',
      query: AuditQuery,
      answer: pageAnswer(AuditEntry),
      handle: ({ actor, query }) => audit.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/audit-logs/export',
      operation: 'audit.export',
      access: 'audit:view',
      summary: 'Export the audit trail as a file',
      description:
        'Every entry that the filters let through, newest first, as CSV (RFC 4180; what a spreadsheet would take for a formula is quoted) or as lines of JSON. The export is itself an entry.',
      query: AuditExportQuery,
      answer: Type.Unsafe<Buffer>({ type: 'string', contentMediaType: 'text/csv' }),
      binary: ['text/csv', 'application/x-ndjson'],
      unhurried: true,
      handle: ({ actor, query, facts }) => audit.export(actor, query, facts),
    }),
    route({
      method: 'GET',
      path: '/audit-logs/verify',
      operation: 'audit.verify',
      access: 'audit:view',
      summary: 'Verify the chains of the audit trail',
      description:
        'Reads every entry of the tenant. An entry that was changed or removed, also at the end, breaks its chain; the answer names the first one.',
      answer: AuditVerdict,
      errors: ['audit.trail_too_long'],
      handle: ({ actor }) => audit.verify(actor.tenantId),
    }),
  ]
}
