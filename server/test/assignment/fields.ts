// The fields that no caller may set: everything that a table has, and what other servers were caught taking.
import { getTableColumns, isTable } from 'drizzle-orm'
import type { TSchema } from 'typebox'
import { toSnake } from '../../src/drivers/http/casing.ts'
import { declarations } from '../database.ts'

/** Words that stand in no table, or that JavaScript gives a meaning. */
const WORDS = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...['unheardOf', 'isAdmin', 'admin', 'superuser', 'passwordHash', 'emailVerified', 'permissions', 'permissionIds'],
  ...['roles', 'roleIds', 'role', 'parentIds', 'effectivePermissions', 'scopes', 'owner', 'ownerId', 'isOwner'],
  ...['memberships', 'tenants', 'version', 'createdBy', 'updatedBy', 'deletedBy', 'invitedBy', 'createdById', 'actor'],
  ...[
    'requiresMfa',
    'mfaRequired',
    'amr',
    'sub',
    'tid',
    'sid',
    'token',
    'accessToken',
    'tenant',
    'user',
    'organizationId',
  ],
  ...[
    'constructor',
    'prototype',
    '__proto__',
    'toString',
    'hasOwnProperty',
    '$where',
    'constructor.prototype',
    '',
    ' id',
  ],
]

/** Names by which a parser could reach a prototype: it may refuse the whole body, and then has no field to name. */
export const isOfPrototype = (name: string) => name in Object.prototype

/** Every such name, in each of the spellings that bodies may use. */
export async function serverOwned(): Promise<string[]> {
  const modules = await declarations()
  const tables = modules.flatMap((module) => Object.values(module)).filter((one) => isTable(one))
  const columns = tables.flatMap((table) => Object.keys(getTableColumns(table)))
  return [...new Set([...columns, ...WORDS].flatMap((name) => [name, toSnake(name)]))].sort()
}

/** A value that would do harm if it were taken, and that can be found again in a row. */
export function harmful(name: string, foreign: Record<string, string>): unknown {
  const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  if (Object.hasOwn(foreign, camel)) return foreign[camel]
  if (/At$|^after$/.test(camel)) return MARKED_TIME
  if (/^(is[A-Z]|builtIn$|admin$|superuser$|emailVerified$|requiresMfa$|mfaRequired$)/.test(camel)) return true
  if (/^(level|role)$/.test(camel)) return 'OWNER'
  if (camel === 'status') return 'SUSPENDED'
  if (/^(permissions|scopes|effectivePermissions)$/.test(camel)) return ['*']
  if (/^(roles|roleIds|permissionIds|parentIds|tenants|memberships|amr)$/.test(camel)) return [MARK]
  if (/^(version|generation|seq|failures|hits|size|uses|maxUses|quotaUsed|locks|pending)$/.test(camel))
    return MARKED_NUMBER
  return `${MARK}-${camel}`
}

export const MARK = 'zzmark'
export const MARKED_TIME = '2001-01-01T00:00:00.000Z'
export const MARKED_NUMBER = 424_242

interface Shape {
  type?: string | string[]
  properties?: Record<string, Shape>
  items?: Shape
}

/** A place in a body into which fields can be put: the body itself, an object in it, an item of a list. */
export interface Place {
  keys: string[]
  declared: ReadonlySet<string>
  /** A list of plain values takes no objects at all: the item itself is refused. */
  plainItem: boolean
}

/** Every place of a body, the body itself first. */
export function placesOf(schema: TSchema): Place[] {
  return placesIn(schema as Shape, [])
}

function placesIn({ properties = {}, items }: Shape, keys: string[]): Place[] {
  const names = Object.keys(properties)
  const own = { keys, declared: new Set(names.flatMap((name) => [name, toSnake(name)])), plainItem: false }
  const inner = Object.entries(properties).flatMap(([name, shape]) => {
    if (shape.items) return itemPlaces(shape.items, [...keys, name, '0'])
    return shape.properties ? placesIn(shape, [...keys, name]) : []
  })
  return items ? itemPlaces(items, [...keys, '0']) : [own, ...inner]
}

function itemPlaces(items: Shape, keys: string[]): Place[] {
  return items.properties ? placesIn(items, keys) : [{ keys, declared: new Set(), plainItem: true }]
}

/** The body with fields more at the place. Whatever a name means to JavaScript, it is a key of its own. */
export function withFields(body: unknown, keys: readonly string[], fields: readonly [string, unknown][]): unknown {
  const [first, ...rest] = keys
  const inside = (inner: unknown) => withFields(inner, rest, fields)
  if (first === undefined) {
    const object = body !== null && typeof body === 'object' ? body : {}
    return Object.fromEntries([...Object.entries(object), ...fields])
  }
  if (first === '0') return [inside(Array.isArray(body) ? body[0] : undefined)]
  const object = (body ?? {}) as Record<string, unknown>
  return { ...object, [first]: inside(object[first]) }
}
