// Mutants that the proof does not notice, each with the reason why nothing is open.

const BY_PARENT = 'its rows are reached by the id of a row of another table only, whose row security stands'
const TWICE = 'asked twice: the other one of the two still refuses'
const SECRET = 'asks for a secret, which nobody else has, and not for an id'
const BY_NAME = 'a role by its name from the configuration, never from a request'
const BACK_OFFICE = 'reached by the back office only, which sees all tenants'

const BY_NAME_OF_TEMPLATE = 'templates are known by their names, and only one’s own are read'

export const SURVIVORS: Readonly<Record<string, string>> = {
  'row security of audit_heads': 'its statements name the handle’s own tenant too',
  'row security of calendar_feeds': 'its statements name the owner, or the hash of the secret, too',
  'row security of content_links': BY_PARENT,
  'row security of content_shares': BY_PARENT,
  'row security of conversation_participants': 'its statements name a person who takes part too',
  'row security of conversations': 'its statements name a person who takes part too',
  'row security of document_revisions': BY_PARENT,
  'row security of document_shares': BY_PARENT,
  'row security of document_tags': BY_PARENT,
  'row security of document_views': BY_PARENT,
  'row security of event_attendees': BY_PARENT,
  'row security of event_deliveries': 'no route reads it: what subscribers are still owed',
  'row security of event_reminders': BY_PARENT,
  'row security of invitation_uses': BY_PARENT,
  'row security of mail_attachment_chunks': BY_PARENT,
  'row security of mail_attachments': BY_PARENT,
  'row security of mail_attempts': BY_PARENT,
  'row security of mail_counters': 'counts towards a limit of one’s own, and shows nothing',
  'row security of mail_recipients': BY_PARENT,
  'row security of member_totals': 'its statements name the handle’s own tenant too',
  'row security of messages': 'they are found through a conversation that the person takes part in',
  'row security of notification_preferences': 'its statements name the person who asks too',
  'row security of personal_access_tokens': 'its statements name the owner, or the hash of the secret, too',
  'row security of role_parents': BY_PARENT,
  'row security of role_permissions': BY_PARENT,
  'row security of storage_usage': 'sums of bytes, which name nobody',
  'row security of storages': 'the proof has no storage service of its own that a tenant could bring',
  'row security of tags': BY_PARENT,
  'row security of team_members': 'no route reads teams; members leave theirs by id, in the tenant that they leave',
  '"userId" = ${userId} in findPending of identity/mfa/mfa.queries.ts': TWICE,
  '"userId" = ${userId} in confirm of identity/mfa/mfa.queries.ts': TWICE,
  '"userId" = ${challenge.userId} in addChallenge of identity/mfa/mfa.queries.ts': 'removes what has expired anyway',
  '"userId" = ${ownerId} in devicesBefore of identity/sessions/sessions.queries.ts':
    'decides whether a mail about a new device is sent, and shows nothing',
  '"userId" = ANY(${userIds}) in deleteSharedTokens of identity/sessions/sessions.queries.ts':
    'written by the other back end of a shared database only',
  'm."userId" = ${userId} in countOwned of identity/tenants/tenants.queries.ts':
    'counts towards a limit of one’s own, and shows nothing',
  'm."userId" = ANY(${userIds}) in listOwned of identity/tenants/tenants.queries.ts':
    'says which tenants are locked, and shows nothing',
  'm."userId" = ${userId} in lockDeleted of identity/tenants/tenants.queries.ts': TWICE,
  "if (facts.tenantChoice !== undefined) throw requestErrors('access.tenant_not_found') in chooseTenant of identity/auth/service/sign-in.ts":
    'leads to a tenant of one’s own instead',
  "if (!invitation) throw invitationErrors('invitations.not_found') in findByToken of identity/invitations/service/acceptance.ts":
    SECRET,
  "if (!invitation) throw invitationErrors('invitations.not_found') in lockAndFind of identity/invitations/service/acceptance.ts":
    SECRET,
  "if (!account) throw invitationErrors('invitations.not_found') in mustBeOpen of identity/invitations/service/acceptance.ts":
    SECRET,
  "if (!account) throw userErrors('users.not_found') in resetByAdmin of identity/mfa/service/factors.ts": BACK_OFFICE,
  "if (!role) throw roleErrors('roles.not_found', { message: `There is no role named ${name}.` }) in grantableByName of identity/roles/service/assignment.ts":
    BY_NAME,
  "if (!role) throw roleErrors('roles.not_found', { message: `There is no role named ${name}.` }) in assignByName of identity/roles/service/assignment.ts":
    BY_NAME,
  "if (!role) throw roleErrors('roles.not_found', { message: `There is no role named ${to}.` }) in exchangeByName of identity/roles/service/assignment.ts":
    BY_NAME,
  "if (!owner) throw tenantErrors('tenants.user_not_found') in createFor of identity/tenants/service/administration.ts":
    BACK_OFFICE,
  "if (!(await purge(id, actor, facts))) throw tenantErrors('tenants.not_found') in purge of identity/tenants/service/ending.ts":
    BACK_OFFICE,
  "if (!user) throw tenantErrors('tenants.user_not_found') in add of identity/tenants/service/members.ts":
    'an exception of the proof: accounts belong to no tenant',
  "if (!row) throw tenantErrors('tenants.not_found') in load of identity/tenants/service/settings.ts":
    'the tenant was entered before: it is there',
  "if (!own && !product && !isKnown(name, (await queries.summary(db)).templates)) throw templateErrors('mail.template_not_found') in read of foundation/mail/templates.service.ts":
    BY_NAME_OF_TEMPLATE,
  "if (!before) throw templateErrors('mail.template_not_found') in remove of foundation/mail/templates.service.ts":
    BY_NAME_OF_TEMPLATE,
  "if (!avatar) throw userErrors('users.not_found', { message: 'There is no such picture.' }) in avatar of identity/users/service/own.ts":
    'an exception of the proof: pictures are public by their address',
  "if (change.outcome === 'absent') throw jobErrors('jobs.not_found') in change of foundation/jobs/jobs.service.ts":
    TWICE,
  "if (tenantId !== session.tenantId) throw requestErrors('access.tenant_not_found') in bySession of identity/actors/actors.service.ts":
    TWICE,
  "if (!old) throw documentErrors('documents.revision_not_found') in record of product/documents/service/writing.ts":
    'a revision by its number, of a document that the actor may edit',
  "if (id === undefined) throw accessErrors('folders.not_found') in placeOf of product/files/service/parts.ts":
    'finds no folder either way: the file goes where no folder was named',
  "if (!row) throw accessErrors('folders.not_found') in read of product/folders/service/reading.ts": TWICE,
  "if (!row) throw accessErrors('documents.not_found') in find of product/documents/service/reading.ts": TWICE,
  "if (!row) throw accessErrors('files.not_found') in read of product/files/service/reading.ts": TWICE,
  "if (!row) throw documentErrors('documents.revision_not_found') in revision of product/documents/service/reading.ts":
    'a revision by its number, of a document that the actor may read',
  "if (wall !== null && !occurrence) throw calendarErrors('calendar.not_found') in mustFind of product/calendar/service/parts.ts":
    'an instance by its time, of an event that is open to the actor',
}
