// The door of the tenants module.
export { DEFAULT_TENANT } from './service/parts.ts'
export type { TenantOfUserRow, TenantRow } from './tenants.queries.ts'
export { tenantRoutes } from './tenants.routes.ts'
export { AnyTenant, AnyTenantQuery, NewTenantOfOwner, TenantChanges, TenantOfOwner } from './tenants.schema.ts'
export { createTenants, type Tenants } from './tenants.service.ts'
