// The door of the tenants module.
export { createTenants, DEFAULT_TENANT, type TenantOfUserRow, type TenantRow, type Tenants } from './tenants.service.ts'
