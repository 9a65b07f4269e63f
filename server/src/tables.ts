// Every declared table, for the check of a migrated database. Nothing else imports declarations as values.
import * as http from './drivers/http/http.tables.ts'
import * as audit from './modules/foundation/audit/audit.tables.ts'
import * as mail from './modules/foundation/mail/mail.tables.ts'
import * as admins from './modules/identity/admins/admins.tables.ts'
import * as auth from './modules/identity/auth/auth.tables.ts'
import * as roles from './modules/identity/roles/roles.tables.ts'
import * as sessions from './modules/identity/sessions/sessions.tables.ts'
import * as teams from './modules/identity/teams/teams.tables.ts'
import * as tenants from './modules/identity/tenants/tenants.tables.ts'
import * as tokens from './modules/identity/tokens/tokens.tables.ts'
import * as users from './modules/identity/users/users.tables.ts'
import * as calendar from './modules/product/calendar/calendar.tables.ts'
import * as documents from './modules/product/documents/documents.tables.ts'
import * as files from './modules/product/files/files.tables.ts'
import * as folders from './modules/product/folders/folders.tables.ts'
import * as messages from './modules/product/messages/messages.tables.ts'
import * as notifications from './modules/product/notifications/notifications.tables.ts'
import * as dashboard from './modules/views/dashboard/dashboard.tables.ts'

export const declaredTables: Record<string, unknown>[] = [
  http,
  audit,
  mail,
  tenants,
  users,
  admins,
  roles,
  teams,
  sessions,
  tokens,
  auth,
  folders,
  files,
  documents,
  calendar,
  messages,
  notifications,
  dashboard,
]
