// The permissions that the product knows, and the roles that every tenant starts with.

export interface CataloguePermission {
  action: string
  description: string
  label: string
  group: string
}

export interface DefaultRole {
  name: string
  label: string
  description: string
  permissions: readonly string[]
}

const GROUPS: Record<string, string> = {
  dashboard: '仪表盘',
  users: '用户管理',
  analytics: '数据分析',
  documents: '文档管理',
  files: '文件存储',
  messages: '消息中心',
  calendar: '日程安排',
  notifications: '通知中心',
  settings: '系统设置',
}

const VERBS: Record<string, string> = {
  view: 'View',
  create: 'Create',
  edit: 'Edit',
  delete: 'Delete',
  export: 'Export',
  upload: 'Upload',
  send: 'Send',
  manage: 'Manage',
  use: 'Use',
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

/** Every declared permission, the full one first. */
export const CATALOGUE: readonly CataloguePermission[] = [
  { action: '*', description: 'Full system access', label: 'Everything', group: 'system' },
  { action: 'roles:*', description: 'Everything about roles', label: 'Manage roles', group: 'roles' },
  ...Object.entries(WORDS).flatMap(([resource, verbs]) =>
    verbs.split(' ').map((verb) => ({
      action: `${resource}:${verb}`,
      description: `${VERBS[verb]} ${resource}`,
      label: `${VERBS[verb]} ${resource}`,
      group: GROUPS[resource] ?? resource,
    })),
  ),
]

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
  { name: 'admin', label: '超级管理员', description: '拥有系统所有权限', permissions: ['*'] },
  {
    name: 'manager',
    label: '管理员',
    description: '可管理用户和内容',
    permissions: [
      ...SPECIFIC.filter((one) => one !== 'users:delete' && one !== 'settings:edit'),
      ...READ_BY_PAGES.manager!,
    ],
  },
  {
    name: 'editor',
    label: '编辑员',
    description: '可编辑文档和内容',
    permissions:
      'dashboard:view users:view analytics:view documents:view documents:create documents:edit files:view files:upload messages:view messages:send calendar:view calendar:edit notifications:view roles:view'.split(
        ' ',
      ),
  },
  {
    name: 'viewer',
    label: '访客',
    description: '仅可查看内容',
    permissions:
      'dashboard:view users:view analytics:view documents:view files:view messages:view calendar:view notifications:view roles:view'.split(
        ' ',
      ),
  },
  {
    name: 'user',
    label: 'User',
    description: 'Works with their own things',
    permissions:
      'dashboard:view documents:view documents:create documents:edit documents:delete files:view files:upload files:delete messages:view messages:send calendar:view calendar:edit notifications:view teams:view ai:use'.split(
        ' ',
      ),
  },
  {
    name: 'moderator',
    label: 'Moderator',
    description: 'Reads and edits users',
    permissions: ['users:view', 'users:edit'],
  },
]

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
