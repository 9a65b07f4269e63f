// Mutants that the proof does not notice, each with the reason why nothing is open. A reason that is none is a hole.

const BY_PARENT = 'its rows are reached by the id of a row of another table only, whose row security stands'
const TWICE = 'the same is asked twice: the other statement of the two still refuses'
const SECRET = 'asks for a secret, and not for an id'
const BY_NAME = 'a role by its name from the configuration, never from a request'

export const SURVIVORS: Readonly<Record<string, string>> = {
  'row security of audit_heads': 'read and written by the id of the handle’s own tenant, which the statement names too',
  'row security of invitation_uses': BY_PARENT,
  'row security of member_totals': 'read by the id of the handle’s own tenant, which the statement names too',
  'row security of personal_access_tokens': 'every statement names the owner or the hash of the secret too',
  'row security of role_parents': BY_PARENT,
  'row security of role_permissions': BY_PARENT,
  'row security of team_members':
    'no route reads teams yet; members are removed from them by id, in the tenant that they leave',
}
export { BY_NAME, SECRET, TWICE }
