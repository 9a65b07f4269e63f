// The rows of a large installation, table by table: most of them the default tenant's, a tenth of other tenants'.

/** How many rows; nothing for none. */
export interface Amounts {
  accounts?: number
  tenants?: number
  documents?: number
  files?: number
  messages?: number
  notifications?: number
  calendar?: number
  audit?: number
  activities?: number
  events?: number
  sessions?: number
  mails?: number
  answers?: number
  jobs?: number
}

/** Accounts that exist: every tenth row is the administrator's, one in a thousand the member's. */
export interface People {
  admin: string
  member: string
}

/** A word that one row in ten has, and one that a single row has. */
export const COMMON_WORD = 'granite'
export const RARE_WORD = 'porphyry500'

const GIVEN = `(ARRAY['Ada','Alma','Arno','Bela','Carl','Cora','Dana','Egon','Elsa','Emil','Greta','Hana','Ines','Ivan','Jana','Lena','Mara','Nora','Otto','Rosa'])`
const FAMILY = `(ARRAY['Adler','Bauer','Becker','Berger','Brandt','Decker','Fischer','Frank','Hahn','Keller','Koch','Lang','Mason','Reed','Sauer','Slate','Stone','Vogel','Weber','Winter'])`

interface Scope {
  amounts: Required<Amounts>
  people: People
  /** SQL of somebody, of an owner and of a tenant, each by the row's number `n`. */
  person: string
  owner: string
  tenant: string
  /** SQL of a moment in the last two years, for the row `n` of so many. */
  ago(most: number): string
  /** SQL of a few words. */
  word: string
  /** The numbers of rows. */
  from(most: number): string
}

/** The statements of each table, accounts first. */
export function tablesOf(some: Amounts, people: People): string[][] {
  const amounts = { ...NONE, ...some }
  const { accounts, tenants, jobs } = amounts
  const person = accounts ? `'bu' || (1 + (n::bigint * 7919) % ${accounts})` : `'${people.admin}'`
  const scope: Scope = {
    amounts,
    people,
    person,
    owner: `CASE WHEN n % 10 = 1 THEN '${people.admin}' WHEN n % 1000 = 2 THEN '${people.member}' ELSE ${person} END`,
    tenant: tenants ? `CASE WHEN n % 10 = 0 THEN 'bt' || (1 + n % ${tenants}) ELSE 'default' END` : `'default'`,
    ago: (most) => `now() - make_interval(secs => (n::float8 / ${most}) * 63072000)`,
    word: `CASE WHEN n % 10 = 3 THEN '${COMMON_WORD} ' WHEN n = 503 THEN '${RARE_WORD} ' ELSE '' END || 'word' || (n * 31) % 5000`,
    from: (most) => `FROM generate_series(1, ${most}) n`,
  }
  const tables = [
    accountsOf,
    documentsOf,
    filesOf,
    messagesOf,
    notificationsOf,
    calendarOf,
    auditOf,
    activitiesOf,
    eventsOf,
    sessionsOf,
    mailsOf,
    answersOf,
  ]
  return [...tables.map((statementsOf) => statementsOf(scope)), jobs ? [jobsOf(jobs)] : []]
}

const NONE: Required<Amounts> = {
  accounts: 0,
  tenants: 0,
  documents: 0,
  files: 0,
  messages: 0,
  notifications: 0,
  calendar: 0,
  audit: 0,
  activities: 0,
  events: 0,
  sessions: 0,
  mails: 0,
  answers: 0,
  jobs: 0,
}

function accountsOf({ amounts, person, ago, from }: Scope): string[] {
  const { accounts, tenants } = amounts
  return [
    `INSERT INTO tenants (id, name, slug) SELECT 'bt' || n, 'Tenant ' || n, 'big-' || n ${from(tenants)}`,
    `INSERT INTO users (id, email, username, name, password, status, "emailVerifiedAt", "createdAt", "updatedAt")
     SELECT 'bu' || n, 'b' || n || '@big.example', 'big' || n, ${GIVEN}[1 + n % 20] || ' ' || ${FAMILY}[1 + (n / 20) % 20], '',
       (CASE n % 20 WHEN 0 THEN 'SUSPENDED' WHEN 1 THEN 'INACTIVE' ELSE 'ACTIVE' END)::"UserStatus", now(), ${ago(accounts)}, now() ${from(accounts)}`,
    `INSERT INTO user_roles ("userId", "roleId", "tenantId")
     SELECT 'bu' || n, (SELECT id FROM roles WHERE "tenantId" = 'default' AND name = 'user'), 'default' ${from(accounts)}`,
    `INSERT INTO memberships ("tenantId", "userId", level) SELECT 'bt' || n, ${person}, 'OWNER' ${from(accounts ? tenants : 0)}`,
  ]
}

function documentsOf({ amounts, person, owner, tenant, ago, word, from }: Scope): string[] {
  const { documents, files } = amounts
  const folder = files ? `CASE WHEN n % 5 = 1 THEN 'bo' || (1 + n % 500) END` : 'NULL'
  return [
    `INSERT INTO documents (id, "tenantId", title, content, folder, type, size, views, "ownerId", "folderId", "createdAt", "updatedAt")
     SELECT 'bd' || n, ${tenant}, 'Document ' || n || ' ' || ${word}, 'content', '', (ARRAY['document', 'pdf', 'spreadsheet'])[1 + n % 3], n, n % 1000, ${owner},
       ${folder}, ${ago(documents)}, ${ago(documents)} ${from(documents)}`,
    `INSERT INTO document_search ("tenantId", "documentId", words, doors)
     SELECT "tenantId", id, setweight(to_tsvector('simple', title), 'A') || to_tsvector('simple', content), document_doors(documents) FROM documents WHERE id LIKE 'bd%'`,
    `INSERT INTO teams (id, "tenantId", name, "ownerId", "updatedAt") SELECT 'bb' || n, ${tenant}, 'Team ' || n || ' ' || ${word}, ${owner}, now() ${from(documents / 10)}`,
    `INSERT INTO team_members ("teamId", "userId", "tenantId", level) SELECT 'bb' || (1 + n % ${Math.max(1, documents / 10)}), ${owner}, 'default', 'member' ${from(documents)} ON CONFLICT DO NOTHING`,
    `INSERT INTO document_shares (id, "tenantId", "documentId", "sharedWithId", "createdAt")
     SELECT 'bh' || n, ${tenant}, 'bd' || n, ${person}, ${ago(documents)} ${from(documents)}`,
    `INSERT INTO document_revisions ("tenantId", "documentId", number, title, content, size, "authorId", "createdAt")
     SELECT ${tenant}, 'bd' || n, 1, 'Document', 'content', 7, ${owner}, ${ago(documents)} ${from(documents)}`,
    `INSERT INTO document_views ("tenantId", "documentId", "userId", "viewedAt", views) SELECT ${tenant}, 'bd' || n, ${person}, now(), 0 ${from(documents)}`,
    `INSERT INTO tags (id, "tenantId", name) SELECT 'bg' || n, 'default', 'tag' || n ${from(Math.min(documents, 2_000))}`,
    `INSERT INTO document_tags ("documentId", "tagId", "tenantId") SELECT 'bd' || n, 'bg' || (1 + n % 2000), 'default' ${from(documents)} WHERE n % 10 <> 0`,
  ]
}

function filesOf({ amounts, people, person, owner, tenant, ago, word, from }: Scope): string[] {
  const { files } = amounts
  return [
    `INSERT INTO folders (id, "tenantId", name, path, "ownerId", "parentId", "createdAt", "updatedAt")
     SELECT 'bo' || n, 'default', 'Folder ' || n, '/bo' || n, '${people.admin}', NULL, now(), now() ${from(Math.min(files, 500))}`,
    `INSERT INTO folders (id, "tenantId", name, path, "ownerId", "createdAt", "updatedAt")
     SELECT 'bo' || n, ${tenant}, 'Folder ' || n, '/bo' || n, ${person}, now(), now() FROM generate_series(501, ${files}) n`,
    `INSERT INTO files (id, "tenantId", name, path, "mimeType", size, "ownerId", "folderId", "createdAt", "updatedAt")
     SELECT 'bf' || n, ${tenant}, 'File ' || n || ' ' || ${word}, '/bf' || n, (ARRAY['image/png', 'video/mp4', 'text/plain', 'application/pdf', 'application/zip'])[1 + n % 5],
       n, ${owner}, CASE WHEN n % 5 = 1 THEN 'bo' || (1 + n % 500) END, ${ago(files)}, ${ago(files)} ${from(files)}`,
    `INSERT INTO content_shares (id, "tenantId", kind, "itemId", "userId", level) SELECT 'bs' || n, ${tenant}, 'file', 'bf' || n, ${person}, 'READ' ${from(files)}`,
    `INSERT INTO content_accesses (id, "tenantId", kind, "itemId", action, "userId", ip, "userAgent", "accessedAt")
     SELECT 'bx' || n, ${tenant}, 'file', 'bf' || (1 + n % 1000), 'download', ${person}, '127.0.0.1', 'x', ${ago(files)} ${from(files)}`,
    `INSERT INTO content_links (id, "tenantId", kind, "itemId", "createdById", "tokenHash") SELECT 'bl' || n, ${tenant}, 'file', 'bf' || n, ${owner}, 'big' || n ${from(files)}`,
  ]
}

function messagesOf({ amounts, people, person, owner, ago, word, from }: Scope): string[] {
  const { accounts, messages } = amounts
  const conversations = Math.ceil(messages / 10)
  const others = Math.max(1, accounts)
  return [
    // The first is the administrator's and the member's, with half of all messages.
    `INSERT INTO conversations (id, "tenantId", name, "isGroup", "lastNumber", "updatedAt", "createdAt")
     SELECT 'bc' || n, 'default', 'Talk ' || n, true, CASE n WHEN 1 THEN ${Math.floor(messages / 2)} ELSE 5 END, ${ago(conversations)}, ${ago(conversations)} ${from(conversations)}`,
    `INSERT INTO conversation_participants ("conversationId", "userId", "tenantId", role)
     SELECT 'bc' || n, CASE WHEN n % 20 = 1 THEN '${people.admin}' ELSE ${person} END, 'default', 'owner' ${from(conversations)}`,
    `INSERT INTO conversation_participants ("conversationId", "userId", "tenantId")
     SELECT 'bc' || n, CASE WHEN n % 200 = 1 THEN '${people.member}' ELSE 'bu' || (1 + (n::bigint * 31) % ${others}) END, 'default' ${from(conversations)} ON CONFLICT DO NOTHING`,
    `INSERT INTO messages (id, "tenantId", "conversationId", "senderId", content, number, "createdAt")
     SELECT 'bm' || n, 'default', CASE WHEN n <= ${Math.floor(messages / 2)} THEN 'bc1' ELSE 'bc' || (2 + n % ${Math.max(1, conversations - 1)}) END,
       ${owner}, 'Message ' || ${word}, CASE WHEN n <= ${Math.floor(messages / 2)} THEN n ELSE n / ${Math.max(1, conversations - 1)} END,
       now() - make_interval(secs => ${messages} - n) ${from(messages)}`,
  ]
}

function notificationsOf({ amounts, owner, tenant, ago, from }: Scope): string[] {
  const { notifications } = amounts
  return [
    `INSERT INTO notifications (id, "tenantId", "userId", type, title, content, kind, read, "createdAt")
     SELECT 'bn' || n, ${tenant}, ${owner}, 'system', 'Note', 'Words', 'shared', n % 3 = 0, ${ago(notifications)} ${from(notifications)}`,
  ]
}

function calendarOf({ amounts, person, owner, tenant, ago, word, from }: Scope): string[] {
  const { calendar } = amounts
  return [
    `INSERT INTO calendar_events (id, "tenantId", title, "startAt", "endAt", type, "ownerId", "updatedAt")
     SELECT 'be' || n, ${tenant}, 'Event ' || ${word}, ${ago(calendar)}, ${ago(calendar)} + interval '1 hour', 'meeting', ${owner}, now() ${from(calendar)}`,
    `INSERT INTO event_attendees ("eventId", "userId", "tenantId", status) SELECT 'be' || n, ${person}, ${tenant}, 'ACCEPTED' ${from(calendar)} ON CONFLICT DO NOTHING`,
    `INSERT INTO event_reminders (id, "tenantId", "eventId", "remindAt", "minutesBefore") SELECT 'bz' || n, ${tenant}, 'be' || n, ${ago(calendar)}, 10 ${from(calendar)}`,
  ]
}

function auditOf({ amounts, person, owner, tenant, ago, from }: Scope): string[] {
  const { audit } = amounts
  return [
    // Before the entries of the real chain, which goes on behind them.
    `INSERT INTO audit_logs (id, "tenantId", seq, at, actor, "actorId", action, "targetType", "targetId", "previousHash", hash, chain)
     SELECT 'ba' || n, ${tenant}, -n, ${ago(audit)}, 'user:' || ${person}, ${owner}, (ARRAY['auth.login', 'documents.save', 'files.upload', 'users.update'])[1 + n % 4],
       'document', 'bd' || n, '', '', 0 ${from(audit)}`,
  ]
}

function activitiesOf({ amounts, owner, tenant, ago, from }: Scope): string[] {
  const { activities } = amounts
  return [
    `INSERT INTO activity_logs (id, "tenantId", "actorId", action, "targetType", "targetId", "createdAt")
     SELECT 'bv' || n, ${tenant}, ${owner}, 'document.update', 'document', 'bd' || n, ${ago(activities)} ${from(activities)}`,
  ]
}

function eventsOf({ amounts, tenant, from }: Scope): string[] {
  const { events } = amounts
  return [
    `INSERT INTO events (id, "tenantId", seq, name, aggregate, "aggregateId", payload, actor, "occurredAt")
     SELECT 'bw' || n, ${tenant}, -n, 'documents.saved', 'document', 'bd' || n, '{}', 'user', now() - make_interval(secs => n) ${from(events)}`,
  ]
}

function sessionsOf({ amounts, people, person, owner, from }: Scope): string[] {
  const { sessions } = amounts
  return [
    `INSERT INTO sessions (id, realm, "userId", "tenantId", nonce, "createdAt", "lastSeenAt", "expiresAt", "idleExpiresAt", "revokedAt")
     SELECT 'bq' || n, 'user', ${owner}, 'default', 'x', now(), now(), now() + interval '1 day', now() + interval '1 day',
       CASE WHEN n % 3 = 0 OR n % 10 = 1 THEN now() END ${from(sessions)}`,
    `INSERT INTO personal_access_tokens (id, "tenantId", "userId", name, hint, "tokenHash", scopes, "expiresAt")
     SELECT 'bp' || n, 'default', ${person}, 'Token', 'x', 'big' || n, '{users:view}', now() + interval '1 day' ${from(sessions)}`,
    `INSERT INTO one_time_tokens (id, "userId", purpose, "tokenHash", email, "expiresAt") SELECT 'by' || n, ${person}, 'reset', 'big' || n, 'b' || n || '@big.example', now() ${from(sessions)}`,
    `INSERT INTO invitations (id, "tenantId", email, level, "tokenHash", "invitedBy", "sentAt", "expiresAt")
     SELECT 'bi' || n, 'default', 'i' || n || '@big.example', 'MEMBER', 'big' || n, '${people.admin}', now() - interval '2 days', now() + interval '1 day' ${from(sessions)}`,
  ]
}

function mailsOf({ amounts, owner, tenant, ago, word, from }: Scope): string[] {
  const { mails } = amounts
  return [
    `INSERT INTO mails (id, "tenantId", locale, subject, recipients, "from", text, state, "sentBy", "createdAt", "sentAt")
     SELECT 'bk' || n, ${tenant}, 'en', 'Mail ' || ${word}, ARRAY['b' || n || '@big.example'], 'a@big.example', 'Text', 'sent', ${owner}, ${ago(mails)}, ${ago(mails)} ${from(mails)}`,
    `INSERT INTO mail_recipients ("tenantId", "mailId", position, kind, address, state) SELECT ${tenant}, 'bk' || n, 1, 'to', 'b' || n || '@big.example', 'accepted' ${from(mails)}`,
  ]
}

function answersOf({ amounts, owner, ago, word, from }: Scope): string[] {
  const { answers } = amounts
  return [
    `INSERT INTO ai_conversations (id, "tenantId", "userId", title, "lastNumber", "updatedAt") SELECT 'bj' || n, 'default', ${owner}, 'Talk ' || ${word}, 1, ${ago(answers)} ${from(answers)}`,
    `INSERT INTO ai_answers (id, "tenantId", "conversationId", "userId", number, question, content, state, provider, model, day, "createdAt")
     SELECT 'br' || n, 'default', 'bj' || n, ${owner}, 1, 'Why?', 'So.', 'done', 'ollama', 'm', CURRENT_DATE, ${ago(answers)} ${from(answers)}`,
  ]
}

/** Jobs that are done: rows of an example, of a queue that has one. */
function jobsOf(jobs: number): string {
  return `INSERT INTO pgboss.job (name, data, state, created_on, started_on, completed_on, start_after)
    SELECT example.name, example.data, 'completed', now() - make_interval(secs => n), now() - make_interval(secs => n), now() - make_interval(secs => n), now() - make_interval(secs => n)
    FROM (SELECT name, data FROM pgboss.job LIMIT 1) example, generate_series(1, ${jobs}) n`
}
