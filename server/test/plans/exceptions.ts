// Statements that may read much of a large table, each with its reason. Whoever adds one answers for it.
import type { Reading } from './plans.ts'

interface Exception {
  /** Of the operations that ask it. */
  operations: RegExp
  table: string
  /** What stands in the statement. */
  statement: RegExp
  reason: string
}

const NO_PARTS = 'row security lets no index look for parts of texts, and these are not worth a function of their own'

export const EXCEPTIONS: readonly Exception[] = [
  {
    operations: /^adminJobs\./,
    table: 'job_common',
    statement: /group_id IS NULL/,
    reason: 'the table is the queue’s own, and what is done is deleted from it after its retention',
  },
  {
    operations: /^mail\.list/,
    table: 'mails',
    statement: /ILIKE/,
    reason: NO_PARTS,
  },
  {
    operations: /^mail\.list/,
    table: 'mails',
    statement: /ORDER BY (?:subject|"sentAt") /,
    reason: 'these orders are asked for seldom, and an index of each would be written with every mail',
  },
  {
    operations: /^mail\.list/,
    table: 'mail_recipients',
    statement: /lower\(address\) = lower/,
    reason: 'row security lets no index compare what lower() makes of an address',
  },
  {
    operations: /^(?:tenants|organizations)\.listInvitations/,
    table: 'invitations',
    statement: /i\.email ILIKE|CASE WHEN i\."revokedAt"/,
    reason: 'a tenant invites so many people a day at most (TENANT_INVITATIONS_PER_DAY)',
  },
  ...['users', 'user_roles'].map((table) => ({
    operations: /^(?:roles|rbac)\./,
    table,
    statement: /user_roles/,
    reason: 'how many people have each role is counted',
  })),
  {
    operations: /^admins\.listUsers/,
    table: 'users',
    statement: /^SELECT count\(\*\) AS total/,
    reason: 'the back office’s total of all accounts is exact',
  },
  {
    operations: /^users\.list/,
    table: 'users',
    statement: /ORDER BY u\."lastLoginAt" /,
    reason: 'an index in this order would be written with every sign-in',
  },
  {
    operations: /^users\.list/,
    table: 'memberships',
    statement: /ORDER BY u\."lastLoginAt" /,
    reason: 'an index in this order would be written with every sign-in',
  },
  {
    operations: /^documents\.list/,
    table: 'documents',
    statement: /d\.type = /,
    reason: 'there are few types, and other back ends write them at any length, which no index takes',
  },
  {
    operations: /^files\.list/,
    table: 'files',
    statement: /d\.(?:name|"mimeType") (?:ILIKE|LIKE|~)/,
    reason: NO_PARTS,
  },
  {
    operations: /^(?:folders|files)\.list/,
    table: 'folders',
    statement: /d\.name ILIKE/,
    reason: NO_PARTS,
  },
  {
    operations: /^folders\.tree/,
    table: 'folders',
    statement: /unnest\(\$1::text\[\]\) AS root/,
    reason: 'the whole tree is what is asked for, up to a number of folders',
  },
]

const OLD = 'what is old is deleted in batches: while most of it is old, a batch is found fastest at the beginning'

/** Tables that are read in their order by what cannot be explained afterwards, each with its reason. */
export const SCANNED: Readonly<Record<string, string>> = {
  notifications: OLD,
  events: OLD,
}

/** Why the reading may be; undefined when it may not. */
export function exceptionOf({ operations, table, text }: Reading): string | undefined {
  return EXCEPTIONS.find(
    (one) => one.table === table && one.statement.test(text) && operations.some((name) => one.operations.test(name)),
  )?.reason
}
