// What can go wrong with tenants and their members.
import { defineErrors } from '../../../core/errors.ts'

export const tenantErrors = defineErrors({
  'tenants.not_found': { kind: 'not_found', message: 'There is no such tenant, or you do not belong to it.' },
  'tenants.slug_taken': { kind: 'conflict', message: 'Another tenant has this subdomain.' },
  'tenants.slug_reserved': { kind: 'conflict', message: 'This subdomain is reserved.' },
  'tenants.creation_closed': { kind: 'forbidden', message: 'Tenants are created by the back office here.' },
  'tenants.single_tenant': { kind: 'forbidden', message: 'This installation has one tenant, and everything is in it.' },
  'tenants.too_many': { kind: 'conflict', message: 'You own as many tenants as one person may.' },
  'tenants.changed_meanwhile': { kind: 'stale', message: 'The tenant was changed by somebody else. Read it again.' },
  'tenants.default_stays': { kind: 'conflict', message: 'The default tenant cannot be deleted or suspended.' },
  'tenants.domain_not_allowed': { kind: 'forbidden', message: 'This tenant accepts no addresses of this domain.' },
  'tenants.owners_only': { kind: 'forbidden', message: 'Only an owner of the tenant may do this.' },
  'tenants.managers_only': { kind: 'forbidden', message: 'Only an owner or administrator of the tenant may do this.' },
  'tenants.last_owner': { kind: 'conflict', message: 'A tenant keeps at least one owner who can sign in.' },
  'tenants.already_member': { kind: 'conflict', message: 'This person is a member already.' },
  'tenants.member_not_found': { kind: 'not_found', message: 'There is no such member.' },
  'tenants.user_not_found': {
    kind: 'not_found',
    message: 'There is no such user, or nobody has confirmed this address. Send an invitation instead.',
  },
})
