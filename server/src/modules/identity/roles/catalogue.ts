// The permissions that the product knows, and the roles that every tenant starts with.
import type { Language } from '../../foundation/mail/index.ts'
import { WORDING } from './catalogue.words.ts'

export interface CataloguePermission {
  action: string
  description: string
  label: string
  group: string
}

export interface DefaultRole {
  name: string
  permissions: readonly string[]
}

export interface NamedRole extends DefaultRole {
  label: string
  description: string
}

const WORDS: Record<string, string> = {
  dashboard: 'view',
  users: 'view create edit delete',
  analytics: 'view export',
  settings: 'view edit',
  documents: 'view create edit delete manage',
  files: 'view upload delete manage',
  messages: 'view send',
  calendar: 'view edit manage',
  notifications: 'view manage',
  roles: 'view edit',
  teams: 'view edit manage',
  tenants: 'view edit delete',
  mail: 'send view edit',
  ai: 'use',
  jobs: 'view manage',
  audit: 'view',
  storage: 'view edit',
  tokens: 'manage',
}

/** Every declared permission as a new tenant has it in that language, the full one first. */
export function permissionsIn(language: Language): readonly CataloguePermission[] {
  const { everything, everythingOfRoles, verbs, things, groups, say } = WORDING[language]
  return [
    { action: '*', ...everything, group: groups.system! },
    { action: 'roles:*', ...everythingOfRoles, group: groups.roles! },
    ...Object.entries(WORDS).flatMap(([resource, actions]) =>
      actions.split(' ').map((verb) => {
        const label = say(verbs[verb] ?? verb, things[resource] ?? resource)
        return { action: `${resource}:${verb}`, description: label, label, group: groups[resource] ?? resource }
      }),
    ),
  ]
}

export const CATALOGUE = permissionsIn('en')

const SPECIFIC = [...Object.entries(WORDS)]
  .slice(0, 9)
  .flatMap(([resource, verbs]) => verbs.split(' ').map((verb) => `${resource}:${verb}`))
  .filter((one) => !['documents:manage', 'files:manage', 'calendar:manage'].includes(one))

/**
 * Of HaloLight's roles those that open its pages of people, roles and teams, for which its own vocabulary has no word: what they read
 * there. Also for roles of these names that an adopted database has already.
 */
export const READ_BY_PAGES: Readonly<Record<string, readonly string[]>> = {
  manager: ['roles:view', 'teams:view'],
  editor: ['roles:view'],
  viewer: ['roles:view'],
}

/** HaloLight's four roles, and the two of the role-based dialect. Their ids in the default tenant are their names. */
export const DEFAULT_ROLES: readonly DefaultRole[] = [
  { name: 'admin', permissions: ['*'] },
  {
    name: 'manager',
    permissions: [
      ...SPECIFIC.filter((one) => one !== 'users:delete' && one !== 'settings:edit'),
      ...READ_BY_PAGES.manager!,
    ],
  },
  {
    name: 'editor',
    permissions:
      'dashboard:view users:view analytics:view documents:view documents:create documents:edit files:view files:upload messages:view messages:send calendar:view calendar:edit notifications:view roles:view'.split(
        ' ',
      ),
  },
  {
    name: 'viewer',
    permissions:
      'dashboard:view users:view analytics:view documents:view files:view messages:view calendar:view notifications:view roles:view'.split(
        ' ',
      ),
  },
  {
    name: 'user',
    permissions:
      'dashboard:view documents:view documents:create documents:edit documents:delete files:view files:upload files:delete messages:view messages:send calendar:view calendar:edit notifications:view teams:view ai:use'.split(
        ' ',
      ),
  },
  {
    name: 'moderator',
    permissions: ['users:view', 'users:edit'],
  },
]

export function rolesIn(language: Language): readonly NamedRole[] {
  return DEFAULT_ROLES.map((role) => ({ ...role, ...WORDING[language].roles[role.name]! }))
}

/** The role that always keeps `*`, so that a tenant cannot lock itself out. */
export const FULL_ROLE = 'admin'

/** Names that other systems use for our permissions. */
export const ALIASES: Readonly<Record<string, string>> = {
  create_user: 'users:create',
  read_user: 'users:view',
  update_user: 'users:edit',
  delete_user: 'users:delete',
  manage_roles: 'roles:*',
  send_email: 'mail:send',
}

/** The permission that a name stands for: an alias or the permission itself. */
export function unaliased(name: string): string {
  return Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name
}

/** The other names of a permission. */
export function aliasesOf(action: string): string[] {
  return Object.keys(ALIASES).filter((alias) => ALIASES[alias] === action)
}
