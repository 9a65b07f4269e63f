// What the dashboard answers. Names are those of its widgets; what each stands for here is said beside it.
import Type, { type Static, type TSchema } from 'typebox'
import { IdOf, Nullable, OneOf, Timestamp } from '../../../drivers/http/index.ts'

const Figure = (description: string) => Nullable(Type.Number({ description }))
const list = <T extends TSchema>(item: T) => Type.Object({ data: Type.Array(item) })

export const Stats = Type.Object(
  {
    totalUsers: Figure('Members of the tenant.'),
    activeUsers: Figure('Those of them whose account is active.'),
    userGrowth: Figure('Who joined within 30 days beside the 30 days before, in percent.'),
    totalRevenue: Figure(
      'Bytes that are stored: of the tenant, or where that is not for the viewer to know, their own.',
    ),
    revenueGrowth: Figure('Bytes that were added within 30 days beside the 30 days before, in percent.'),
    totalOrders: Figure('Operations that were ever logged.'),
    recentOrders: Figure('Operations that were logged today (UTC).'),
    orderGrowth: Figure('Operations within 30 days beside the 30 days before, in percent.'),
    conversionRate: Figure('Of a hundred members, how many signed in within 30 days.'),
    rateGrowth: Figure('Who signed in within 30 days beside the 30 days before, in percent.'),
    conversionAsOf: Nullable(
      Type.String({
        ...Timestamp,
        description: 'When who signed in was counted; null where it is now, or not for the viewer to know.',
      }),
    ),
    pendingTasks: Figure("The viewer's own tasks of the next 30 days that are not over."),
  },
  { title: 'DashboardStats' },
)
export type Stats = Static<typeof Stats>

export const Visits = list(
  Type.Object({
    date: Type.String({ format: 'date', description: 'A day in UTC.' }),
    visits: Type.Number({ description: 'Sign-ins.' }),
    uniqueVisitors: Type.Number({ description: 'People who signed in.' }),
    pageViews: Type.Number({ description: 'Operations that were logged.' }),
  }),
)

export const Sales = list(
  Type.Object({
    month: Type.String({ examples: ['2026-11'] }),
    sales: Type.Number({ description: 'Documents and files that were made in it and are still there.' }),
    profit: Type.Number({ description: 'Shares that were made in it and still stand.' }),
  }),
)

export const Products = list(
  Type.Object({
    id: IdOf('document'),
    name: Type.String(),
    category: Type.String({ description: 'The type of the document.' }),
    price: Type.Number({ description: 'Its size in bytes.' }),
    sales: Type.Number({ description: 'How often it was looked at.' }),
    stock: Figure('How many shares it has; null where it is not the viewer who may share it.'),
    image: Nullable(Type.String()),
  }),
)

export const Orders = list(
  Type.Object({
    id: IdOf('file'),
    orderNo: Type.String({ description: 'The name of the file.' }),
    customer: Type.String({ description: 'Whose it is.' }),
    amount: Type.Number({ description: 'Its size in bytes.' }),
    status: OneOf(['pending', 'delivered'], {
      description: 'Delivered where its content is kept here, pending where another back end has it.',
    }),
    createdAt: Timestamp,
  }),
)

export const Activities = list(
  Type.Object({
    id: Type.String(),
    user: Nullable(Type.String({ description: 'Who did it; null where it was the system or the back office.' })),
    avatar: Nullable(Type.String()),
    action: Type.String({ examples: ['documents.share'] }),
    target: Nullable(Type.String({ description: 'What it is called, where the viewer may know.' })),
    targetType: Nullable(Type.String()),
    targetId: Nullable(Type.String()),
    time: Timestamp,
  }),
)
export type Activities = Static<typeof Activities>

export const Pie = list(
  Type.Object({ name: Type.String(), value: Type.Number({ description: 'How many there are.' }) }),
)
export type Slice = Static<typeof Pie>['data'][number]

export const Tasks = list(
  Type.Object({
    id: Type.String(),
    title: Type.String(),
    description: Nullable(Type.String()),
    status: OneOf(['pending', 'in_progress', 'done']),
    dueDate: Timestamp,
  }),
)
export type Task = Static<typeof Tasks>['data'][number]

export const Overview = Type.Object(
  {
    cpu: Figure('How busy the processors were lately, in percent.'),
    memory: Figure('Memory that is in use, in percent.'),
    disk: Figure('How full the volume of the uploads is, in percent.'),
    network: Figure('Bytes a second over the connections of this process, lately.'),
    uptime: Figure('Seconds since this process started.'),
    requests: Figure('Requests that this process answered.'),
    errors: Figure('Those of them that failed on our side (5xx).'),
    responseTime: Figure('What an answer took lately, in milliseconds.'),
  },
  { title: 'DashboardOverview' },
)
export type Overview = Static<typeof Overview>
