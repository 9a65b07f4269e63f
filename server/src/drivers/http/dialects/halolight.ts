// The HaloLight dialect, /api: the shapes that its front ends send and read. Every quirk of theirs lives here.
import Type, { type TSchema } from 'typebox'
import { toSnake } from '../casing.ts'
import type { Route } from '../routes.ts'
import { type Dialect, servedOn } from './dialect.ts'
import { acceptCalendar, listAnswer, presentCalendar } from './halolight.calendar.ts'
import { acceptContent, presentContent } from './halolight.content.ts'
import { BARE_DASHBOARD, presentDashboard } from './halolight.dashboard.ts'
import { acceptTalk, BARE_TALK, presentTalk } from './halolight.messages.ts'
import { acceptPerson, presentPerson } from './halolight.people.ts'
import { asPresented } from './halolight.schemas.ts'
import { acceptShares, presentShares } from './halolight.shares.ts'

/** Lists that the front end iterates without unwrapping. */
const BARE_LISTS = new Set([
  'roles.listAll',
  'permissions.listAll',
  'folders.list',
  'folders.tree',
  'files.shares',
  'calendar.list',
  ...BARE_TALK,
  ...BARE_DASHBOARD,
])

/** Answers that carry the signed-in person, as themselves or as `user`. */
const WITH_PERSON = new Set(['auth.me', 'auth.login', 'auth.register', 'auth.verifyMfa'])

type Json = Record<string, unknown>

export const halolight: Dialect = {
  base: 'halolight',
  prefix: '/api',
  title: 'Ashlar API, HaloLight dialect',
  unknownKeys: 'ignore',
  routes: (all) => servedOn('halolight', all),
  accept,
  success: (route, value) => withBothSpellings(present(route, value)),
  problem: (problem, { status }) => ({
    status,
    contentType: 'application/json; charset=utf-8',
    body: {
      detail:
        problem.kind === 'invalid'
          ? problem.fields.map((fault) => ({
              loc: [fault.in, ...fault.path.split('.')],
              msg: fault.message,
              type: fault.code,
            }))
          : problem.message,
      message: problem.message,
      code: problem.code,
    },
  }),
  answerSchema: (route) =>
    datesInBothSpellings(
      asPresented(
        route,
        BARE_LISTS.has(route.operation)
          ? ((route.answer as unknown as { properties: Json }).properties.data as TSchema)
          : route.answer,
      ),
    ),
  problemSchema: Type.Object(
    { detail: Type.Unsafe<unknown>({ type: ['string', 'array'] }), message: Type.String(), code: Type.String() },
    { title: 'Failure' },
  ),
  problemContentType: 'application/json',
}

/** `phone: ""` means none, a status may be in lower case, `all` means no filter by state or role, an empty search is none, and pages and searches have two names. */
function accept(route: Route, part: 'body' | 'query', value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  // In place: a copy would cost time by the keys that somebody sends.
  const sent = value as Json
  if (typeof sent.status === 'string') sent.status = sent.status.toUpperCase()
  if (sent.phone === '') sent.phone = null
  if (part === 'query') {
    if (sent.status === 'ALL') delete sent.status
    for (const key of ['role', 'search']) if (sent[key] === '') delete sent[key]
    if (sent.role === 'all') delete sent.role
    for (const [other, key] of [
      ['pageSize', 'limit'],
      ['keyword', 'search'],
    ] as const) {
      if (sent[other] !== undefined && sent[other] !== '') sent[key] ??= sent[other]
      delete sent[other]
    }
  } else {
    for (const key of ['roleId', 'avatar', 'username', 'password']) if (sent[key] === '') delete sent[key]
  }
  acceptPerson(route, part, sent)
  acceptContent(route, part, sent)
  acceptShares(route, part, sent)
  if (route.operation?.startsWith('calendar.')) acceptCalendar(route, part, sent)
  acceptTalk(route, part, sent)
  return sent
}

function present(route: Route, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  const answer = presentPerson(route, presentShares(route, value as Json))
  if (route.operation === 'calendar.list') return listAnswer(answer.data)
  if (BARE_LISTS.has(route.operation))
    return (answer.data as Json[]).map((item) => presentDashboard(route, presentTalk(route, item)))
  if (WITH_PERSON.has(route.operation) && !('mfaRequired' in answer))
    return answer.user ? { ...answer, user: withPermissionObjects(answer.user as Json) } : withPermissionObjects(answer)
  if (route.operation.startsWith('calendar.') && route.operation !== 'calendar.batchDelete')
    return presentCalendar(route, answer)
  if (/^(documents|folders|files)\./.test(route.operation) && !/\.(batchDelete|delete)$/.test(route.operation))
    return presentContent(route, answer)
  if (route.operation.endsWith('.batchDelete'))
    return { ...answer, deleted_count: answer.deletedCount, deleted: answer.deletedCount, code: 200, data: answer }
  if (route.method === 'DELETE') return { ...answer, code: 200, data: answer }
  return presentDashboard(route, presentTalk(route, answer))
}

/** The front end joins resource and verb itself: permissions are objects with the bare verb. Those inside roles stay text. */
function withPermissionObjects(person: Json): Json {
  // Whoever is not signed in yet, before a confirmation or a second factor, has none to show.
  if (!Array.isArray(person.permissions)) return person
  const permissions = (person.permissions as string[]).map((granted) => {
    const [resource = '*', action = '*'] = granted.split(':')
    return { id: granted, action, resource, description: granted }
  })
  return { ...person, permissions }
}

/** `createdAt` and `created_at` side by side, wherever they stand. */
function withBothSpellings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBothSpellings)
  if (value === null || typeof value !== 'object') return value
  const copy: Json = {}
  for (const [key, inner] of Object.entries(value)) {
    copy[key] = withBothSpellings(inner)
    if (DATE_KEYS.has(key)) copy[toSnake(key)] = inner
  }
  return copy
}

const DATE_KEYS = new Set(['createdAt', 'updatedAt'])

function datesInBothSpellings(schema: TSchema): TSchema {
  const { properties, items, anyOf, ...rest } = schema as unknown as {
    properties?: Record<string, TSchema>
    items?: TSchema
    anyOf?: TSchema[]
  }
  const both = (entries: Record<string, TSchema>) =>
    Object.fromEntries(
      Object.entries(entries).flatMap(([key, inner]) => {
        const pair: [string, TSchema][] = [[key, datesInBothSpellings(inner)]]
        return DATE_KEYS.has(key) ? [...pair, [toSnake(key), inner]] : pair
      }),
    )
  return {
    ...rest,
    ...(properties && { properties: both(properties) }),
    ...(items && { items: datesInBothSpellings(items) }),
    ...(anyOf && { anyOf: anyOf.map(datesInBothSpellings) }),
  } as unknown as TSchema
}
