// What the permissions and roles of a new tenant are called in each language. What is missing here is called by its English name.
import type { Language } from '../../foundation/mail/index.ts'

interface Words {
  label: string
  description: string
}

interface Wording {
  everything: Words
  everythingOfRoles: Words
  verbs: Readonly<Record<string, string>>
  /** What permissions are about, by resource; its own name where there is none. */
  things: Readonly<Record<string, string>>
  /** What people see above the permissions of a resource. */
  groups: Readonly<Record<string, string>>
  say(verb: string, things: string): string
  roles: Readonly<Record<string, Words>>
}

const english: Wording = {
  everything: { label: 'Everything', description: 'Full system access' },
  everythingOfRoles: { label: 'Manage roles', description: 'Everything about roles' },
  verbs: {
    view: 'View',
    create: 'Create',
    edit: 'Edit',
    delete: 'Delete',
    export: 'Export',
    upload: 'Upload',
    send: 'Send',
    manage: 'Manage',
    use: 'Use',
  },
  things: {},
  groups: {
    system: 'System',
    dashboard: 'Dashboard',
    users: 'Users',
    analytics: 'Analytics',
    settings: 'Settings',
    documents: 'Documents',
    files: 'Files',
    messages: 'Messages',
    calendar: 'Calendar',
    notifications: 'Notifications',
    roles: 'Roles',
    teams: 'Teams',
    tenants: 'Tenants',
    mail: 'Mail',
    ai: 'AI',
    jobs: 'Jobs',
    audit: 'Audit trail',
    storage: 'Storage',
    tokens: 'Access tokens',
  },
  say: (verb, things) => `${verb} ${things}`,
  roles: {
    admin: { label: 'Administrator', description: 'Holds every permission' },
    manager: { label: 'Manager', description: 'Manages users and content' },
    editor: { label: 'Editor', description: 'Edits documents and content' },
    viewer: { label: 'Viewer', description: 'Reads content only' },
    user: { label: 'User', description: 'Works with their own things' },
    moderator: { label: 'Moderator', description: 'Reads and edits users' },
  },
}

const GERMAN_THINGS = {
  dashboard: 'Dashboard',
  users: 'Benutzer',
  analytics: 'Auswertungen',
  settings: 'Einstellungen',
  documents: 'Dokumente',
  files: 'Dateien',
  messages: 'Nachrichten',
  calendar: 'Kalender',
  notifications: 'Benachrichtigungen',
  roles: 'Rollen',
  teams: 'Teams',
  tenants: 'Mandanten',
  mail: 'E-Mails',
  ai: 'KI',
  jobs: 'Aufgaben',
  audit: 'Protokoll',
  storage: 'Speicher',
  tokens: 'Zugriffstoken',
}

const german: Wording = {
  everything: { label: 'Alles', description: 'Voller Zugriff auf das System' },
  everythingOfRoles: { label: 'Rollen verwalten', description: 'Alles, was Rollen betrifft' },
  verbs: {
    view: 'ansehen',
    create: 'anlegen',
    edit: 'bearbeiten',
    delete: 'löschen',
    export: 'exportieren',
    upload: 'hochladen',
    send: 'senden',
    manage: 'verwalten',
    use: 'nutzen',
  },
  things: GERMAN_THINGS,
  groups: { ...GERMAN_THINGS, system: 'System' },
  say: (verb, things) => `${things} ${verb}`,
  roles: {
    admin: { label: 'Administrator', description: 'Hat alle Rechte' },
    manager: { label: 'Manager', description: 'Verwaltet Benutzer und Inhalte' },
    editor: { label: 'Redakteur', description: 'Bearbeitet Dokumente und Inhalte' },
    viewer: { label: 'Gast', description: 'Sieht Inhalte nur an' },
    user: { label: 'Benutzer', description: 'Arbeitet mit eigenen Inhalten' },
    moderator: { label: 'Moderator', description: 'Sieht und bearbeitet Benutzer' },
  },
}

/** As HaloLight's front end and its database say it, where they have words. */
const chinese: Wording = {
  everything: { label: '所有权限', description: '拥有系统所有权限' },
  everythingOfRoles: { label: '管理角色', description: '角色的所有权限' },
  verbs: {
    view: '查看',
    create: '创建',
    edit: '编辑',
    delete: '删除',
    export: '导出',
    upload: '上传',
    send: '发送',
    manage: '管理',
    use: '使用',
  },
  things: {
    dashboard: '仪表盘',
    users: '用户',
    analytics: '数据分析',
    settings: '设置',
    documents: '文档',
    files: '文件',
    messages: '消息',
    calendar: '日程',
    notifications: '通知',
    roles: '角色',
    teams: '团队',
    tenants: '租户',
    mail: '邮件',
    ai: ' AI',
    jobs: '任务',
    audit: '审计日志',
    storage: '存储',
    tokens: '访问令牌',
  },
  groups: {
    system: '系统',
    dashboard: '仪表盘',
    users: '用户管理',
    analytics: '数据分析',
    settings: '系统设置',
    documents: '文档管理',
    files: '文件存储',
    messages: '消息中心',
    calendar: '日程安排',
    notifications: '通知中心',
    roles: '角色管理',
    teams: '团队管理',
    tenants: '租户管理',
    mail: '邮件',
    ai: 'AI',
    jobs: '任务',
    audit: '审计日志',
    storage: '存储',
    tokens: '访问令牌',
  },
  say: (verb, things) => verb + things,
  roles: {
    admin: { label: '超级管理员', description: '拥有系统所有权限' },
    manager: { label: '管理员', description: '可管理用户和内容' },
    editor: { label: '编辑员', description: '可编辑文档和内容' },
    viewer: { label: '访客', description: '仅可查看内容' },
    user: { label: '用户', description: '可管理自己的内容' },
    moderator: { label: '协管员', description: '可查看和编辑用户' },
  },
}

export const WORDING: Readonly<Record<Language, Wording>> = { en: english, de: german, 'zh-CN': chinese }
