// Every exception from "each table belongs to tenants and is protected by policy", with its reason. This list may only shrink.

/** Tables without a tenant policy. */
export const exemptTables: Readonly<Record<string, string>> = {
  tenants: 'The tenants themselves: read by id or slug before a tenant is set.',
  users: 'People are global; a tenant sees those who have a membership in it.',
  refresh_tokens: 'Belongs to a person, not to a tenant; only the other back end of a shared database writes it.',
  sessions: 'Found by id before the tenant is known; belongs to a person or an administrator.',
  one_time_tokens: 'Found by hash before anybody is signed in; belongs to a person.',
  mfa_factors: 'Belongs to a person, whatever tenant they work in.',
  recovery_codes: 'Belongs to a person, whatever tenant they work in.',
  mfa_challenges: 'Found by hash before anybody is signed in; belongs to a person.',
  admins: 'The back-office realm stands outside all tenants.',
  avatars: 'Pictures of people and administrators, read by an id that cannot be guessed.',
  throttles: 'Counts attempts of people who are not signed in.',
  job_schedules: 'When jobs of the installation are due; no tenant has any.',
  bus_outbox: 'What nodes are still to be told: ids of anybody, read by the bus of every node.',
  left_blobs: 'Bytes of tenants that are gone: keys of generated ids, which nobody but the sweep reads.',
  document_search:
    'The words of documents: the application has no right to it; a reviewed function reads it for the tenant that is set.',
  rate_limits: 'Counts requests before the caller is known.',
  ashlar_migrations: 'The record of the schema itself.',
  _prisma_migrations: 'The record that the other back end keeps; the application may not read it.',
}

/** Unique indexes of tenant tables that hold over all tenants, other than primary keys. */
export const exemptUniqueIndexes: Readonly<Record<string, string>> = {
  invitations_tokenHash_key: 'The hash of 256 random bits: found before the tenant is known, and nothing to guess.',
  content_links_tokenHash_key: 'The hash of 256 random bits: found before the tenant is known, and nothing to guess.',
  personal_access_tokens_tokenHash_key:
    'The hash of 256 random bits: found before the tenant is known, and nothing to guess.',
}

/** Functions that work with the rights of the tables' owner, each with a pinned search path, and none callable by anybody. */
export const reviewedDefiners: Readonly<Record<string, string>> = {
  count_daily:
    'Trigger: what goes with something else goes as the owner of the tables, in whatever tenant; it reads the rows that changed.',
  recount_file: 'Trigger: the same for a file that changes.',
  recount_document: 'Trigger: the same for a document that changes.',
  count_memberships: 'Trigger: a cascade removes memberships of tenants other than the one that is set.',
  recount_user: 'Trigger: a change of status counts in every tenant of the person.',
  audit_forget: 'Moves the beginnings of the chains of the tenant that is set; refuses what is younger than 30 days.',
  index_document: 'Trigger: keeps the words of a document where the application has no right; writes nothing else.',
  search_documents:
    'Finds documents of the tenant that is set, by an index that row security would not use; answers ids, which are joined under the policies.',
  leave_all_tenants: 'Trigger: a person who is deleted leaves every tenant first, while the status is still known.',
}

/**
 * The 22 tables shared with HaloLight's other back end. Foreign keys between them name one column, which that back end needs:
 * the verbs load the row that is named in its tenant first.
 */
export const sharedTables: readonly string[] = [
  'users',
  'roles',
  'permissions',
  'role_permissions',
  'user_roles',
  'teams',
  'team_members',
  'documents',
  'document_shares',
  'tags',
  'document_tags',
  'folders',
  'files',
  'calendar_events',
  'event_attendees',
  'event_reminders',
  'conversations',
  'conversation_participants',
  'messages',
  'notifications',
  'activity_logs',
  'refresh_tokens',
]
