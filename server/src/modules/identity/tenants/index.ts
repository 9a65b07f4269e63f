// The door of the tenants module.
export { domainOf } from './domains.ts'
export { tenantOfRecord } from './home.ts'
export { membersAmong } from './members.queries.ts'
export { purgeTenantsJob } from './service/ending.ts'
export { DEFAULT_TENANT, type Entered } from './service/parts.ts'
export type { TenantSettings } from './settings.schema.ts'
export { tenancyEvents } from './tenants.events.ts'
export { boundTo, mustAdd, mustBeMember, mustBeMembers, outranks, type Standing } from './tenants.policy.ts'
export type { TenantOfUserRow, TenantRow } from './tenants.queries.ts'
export { asOrganization, tenantRoutes } from './tenants.routes.ts'
export {
  AnyTenant,
  AnyTenantQuery,
  LEVELS,
  NewTenantOfOwner,
  Tenant,
  TenantChanges,
  TenantOfOwner,
  toTenant,
} from './tenants.schema.ts'
export { createTenants, type Tenants } from './tenants.service.ts'
