// HaloLight's demonstration data: its accounts, teams, folders, documents and conversations, with dates around today.
import type { Random } from './random.ts'

export type Row = Record<string, unknown>

export const DOMAIN = 'halolight.h7ml.cn'

const FAMILY = [...'赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨']
const GIVEN = [
  '伟',
  '芳',
  '娜',
  '敏',
  '静',
  '丽',
  '强',
  '磊',
  '军',
  '洋',
  '勇',
  '艳',
  '杰',
  '娟',
  '涛',
  '明',
  '超',
  '秀英',
  '霞',
  '平',
]
const DEPARTMENTS = ['技术部', '产品部', '设计部', '市场部', '运营部', '人事部', '财务部']
const POSITIONS = ['工程师', '产品经理', '设计师', '运营专员', '市场专员', '分析师']
const FOLDER_NAMES = ['项目文档', '设计资源', '技术文档', '报表', '会议记录']
const TAGS = ['重要', '技术文档', '设计规范', '会议纪要', '项目计划', '用户手册', '参考资料', '待审核']
const TITLES = [
  '项目需求文档',
  '系统架构设计',
  '接口说明',
  '用户调研报告',
  '季度总结',
  '产品路线图',
  '测试计划',
  '上线检查清单',
  '品牌规范',
  '培训材料',
]
const DOCUMENT_TYPES = ['pdf', 'doc', 'image', 'spreadsheet', 'code', 'other']
const EVENT_TYPES = ['meeting', 'task', 'reminder', 'holiday']
const MIME_TYPES = [
  'image/png',
  'image/jpeg',
  'application/pdf',
  'video/mp4',
  'audio/mpeg',
  'application/zip',
  'text/plain',
]
const GROUPS = ['产品讨论组', '技术交流群', '设计评审', '市场活动', '全员通知']
const ACTIONS = [
  'user.create',
  'role.assign',
  'document.share',
  'file.upload',
  'team.addMember',
  'event.update',
  'auth.login',
  'message.send',
]

export interface Account extends Row {
  id: string
  email: string
  role: string
}

/** The three known accounts and user1 to user27. */
export function accounts(random: Random): Account[] {
  const known = [
    {
      username: 'admin',
      name: '系统管理员',
      role: 'admin',
      department: '技术部',
      position: 'CTO',
      bio: 'HaloLight 系统管理员',
    },
    {
      username: 'manager',
      name: '张经理',
      role: 'manager',
      department: '产品部',
      position: '产品经理',
      bio: '负责产品规划和团队管理',
    },
    {
      username: 'demo',
      name: '演示用户',
      role: 'editor',
      department: '研发部',
      position: '前端工程师',
      bio: '这是一个演示账号',
    },
  ]
  const others = Array.from({ length: 27 }, (_, index) => ({
    username: `user${index + 1}`,
    name: random.pick(FAMILY) + random.pick(GIVEN),
    role: random.pick(['editor', 'editor', 'viewer', 'manager']),
    department: random.pick(DEPARTMENTS),
    position: random.pick(POSITIONS),
    bio: null,
    status: random.pick(['ACTIVE', 'ACTIVE', 'ACTIVE', 'INACTIVE', 'SUSPENDED']),
  }))
  return [...known, ...others].map((account) => ({
    status: 'ACTIVE',
    ...account,
    id: random.id('user'),
    email: `${account.username}@${DOMAIN}`,
    avatar: `https://api.dicebear.com/7.x/avataaars/svg?seed=${account.username}`,
  }))
}

/** Everything that people made, by table, in the order in which it can be inserted. */
export function content(
  random: Random,
  people: readonly Account[],
  now: Date,
  roleOf: (name: string) => string,
): [table: string, rows: Row[]][] {
  const [admin, manager] = people as [Account, Account]
  const ago = (days: number) => new Date(now.getTime() - random.next() * days * 86_400_000).toISOString()
  const teams = ['研发团队', '设计团队', '市场团队', '运营团队'].map((name, index) => ({
    id: random.id('team'),
    name,
    description: `${name}，负责相关工作`,
    ownerId: index % 3 === 0 ? admin.id : manager.id,
    createdAt: ago(90),
    updatedAt: ago(30),
  }))
  const members = people.slice(0, 15).map((person, index) => ({
    teamId: teams[index % 4]!.id,
    userId: person.id,
    roleId: roleOf(random.pick(['editor', 'viewer'])),
    joinedAt: ago(60),
  }))
  const tags = TAGS.map((name) => ({ id: random.id('tag'), name, createdAt: ago(90) }))
  const root = {
    id: random.id('folder'),
    name: '根目录',
    path: '/',
    parentId: null,
    ownerId: admin.id,
    createdAt: ago(90),
    updatedAt: ago(30),
  }
  const paths = {
    项目文档: '/projects',
    设计资源: '/design',
    技术文档: '/tech-docs',
    报表: '/reports',
    会议记录: '/meetings',
    文档中心: '/documents',
  }
  const folders = [
    root,
    ...Object.entries(paths).map(([name, path]) => ({
      ...root,
      id: random.id('folder'),
      name,
      path,
      parentId: root.id,
    })),
  ]
  const documents = Array.from({ length: 30 }, (_, index) => ({
    id: random.id('document'),
    title: `${random.pick(TITLES)} ${index + 1}`,
    content: '这是一份演示文档。',
    folder: random.pick(FOLDER_NAMES),
    type: random.pick(DOCUMENT_TYPES),
    size: random.int(10_000, 5_000_000),
    views: random.int(0, 500),
    ownerId: random.pick(people).id,
    createdAt: ago(60),
    updatedAt: ago(20),
  }))
  const documentTags = documents.flatMap((document) =>
    [...new Set(Array.from({ length: random.int(1, 3) }, () => random.pick(tags).id))].map((tagId) => ({
      documentId: document.id,
      tagId,
    })),
  )
  const shares = documents.slice(0, 10).map((document) => ({
    id: random.id('share'),
    documentId: document.id,
    teamId: random.pick(teams).id,
    permission: random.pick(['READ', 'EDIT']),
    createdAt: ago(20),
  }))
  return [
    ['teams', teams],
    ['team_members', members],
    ['tags', tags],
    ['folders', folders],
    ['documents', documents],
    ['document_tags', documentTags],
    ['document_shares', shares],
    ['files', files(random, people, folders, ago)],
    ...calendar(random, people, now),
    ...conversations(random, people, ago),
    ['notifications', notifications(random, people, ago)],
    ['activity_logs', activities(random, people, ago)],
  ]
}

function files(
  random: Random,
  people: readonly Account[],
  folders: readonly { id: string }[],
  ago: (days: number) => string,
): Row[] {
  return Array.from({ length: 40 }, (_, index) => {
    const mimeType = random.pick(MIME_TYPES)
    const name = `文件-${index + 1}.${mimeType.split('/')[1]}`
    return {
      id: random.id('file'),
      name,
      path: `/${name}`,
      mimeType,
      size: random.int(1_000, 20_000_000),
      folderId: random.pick(folders).id,
      ownerId: random.pick(people).id,
      isFavorite: random.next() < 0.2,
      createdAt: ago(60),
      updatedAt: ago(20),
    }
  })
}

function calendar(random: Random, people: readonly Account[], now: Date): [string, Row[]][] {
  const days = [
    ...Array.from({ length: 8 }, () => -random.int(1, 30)),
    ...Array(8).fill(0),
    ...Array.from({ length: 15 }, () => random.int(1, 30)),
  ]
  const events = days.map((day: number, index) => {
    const start = new Date(now)
    start.setUTCHours(random.int(1, 10), random.pick([0, 30]), 0, 0)
    start.setUTCDate(start.getUTCDate() + day)
    return {
      id: random.id('event'),
      title: `${random.pick(['周会', '评审', '客户拜访', '培训', '一对一'])} ${index + 1}`,
      startAt: start.toISOString(),
      endAt: new Date(start.getTime() + random.int(1, 3) * 3_600_000).toISOString(),
      type: random.pick(EVENT_TYPES),
      color: random.pick(['#3b82f6', '#22c55e', '#f59e0b']),
      allDay: false,
      location: random.pick(['会议室 A', '会议室 B', '线上', null]),
      ownerId: random.pick(people).id,
      createdAt: now.toISOString(),
      updatedAt: now.toISOString(),
    }
  })
  const attendees = events.flatMap((event) =>
    [...new Set(Array.from({ length: random.int(1, 5) }, () => random.pick(people).id))].map((userId) => ({
      eventId: event.id,
      userId,
      status: random.pick(['PENDING', 'ACCEPTED', 'DECLINED']),
      createdAt: now.toISOString(),
    })),
  )
  return [
    ['calendar_events', events],
    ['event_attendees', attendees],
  ]
}

function conversations(random: Random, people: readonly Account[], ago: (days: number) => string): [string, Row[]][] {
  const list: Row[] = []
  const participants: Row[] = []
  const messages: Row[] = []
  for (const name of [...GROUPS, ...Array(8).fill(null)] as (string | null)[]) {
    const id = random.id('talk')
    const count = name === null ? 2 : random.int(4, 8)
    const chosen = [
      ...new Set([people[0]!.id, ...Array.from({ length: count - 1 }, () => random.pick(people.slice(1)).id)]),
    ]
    list.push({ id, name, isGroup: name !== null, createdAt: ago(40), updatedAt: ago(5) })
    participants.push(
      ...chosen.map((userId, index) => ({
        conversationId: id,
        userId,
        role: index === 0 ? 'owner' : 'member',
        unreadCount: random.int(0, 10),
        joinedAt: ago(40),
      })),
    )
    messages.push(
      ...Array.from({ length: random.int(8, 20) }, (_, index) => ({
        id: random.id('message'),
        conversationId: id,
        senderId: random.pick(chosen),
        type: 'text',
        content: `${random.pick(['好的', '收到', '稍后处理', '已更新文档', '明天见'])} ${index + 1}`,
        createdAt: ago(30),
      })),
    )
  }
  return [
    ['conversations', list],
    ['conversation_participants', participants],
    ['messages', messages],
  ]
}

function notifications(random: Random, people: readonly Account[], ago: (days: number) => string): Row[] {
  return Array.from({ length: 57 }, (_, index) => {
    const read = random.next() < 0.5
    return {
      id: random.id('notice'),
      userId: random.pick(people).id,
      type: random.pick(['system', 'user', 'message', 'task', 'alert']),
      title: `通知 ${index + 1}`,
      content: '这是一条演示通知。',
      read,
      readAt: read ? ago(5) : null,
      createdAt: ago(20),
    }
  })
}

function activities(random: Random, people: readonly Account[], ago: (days: number) => string): Row[] {
  return Array.from({ length: 50 }, () => {
    const action = random.pick(ACTIONS)
    return {
      id: random.id('activity'),
      actorId: random.pick(people).id,
      action,
      targetType: action.split('.')[0],
      targetId: random.pick(people).id,
      metadata: {},
      createdAt: ago(30),
    }
  })
}
