// The door of the audit module.
export { auditRoutes } from './audit.routes.ts'
export type { AuditVerdict } from './audit.schema.ts'
export { type Audit, createAudit } from './audit.service.ts'
export { forgetAuditJob } from './retention.ts'
