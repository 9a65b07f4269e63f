// HaloLight's front end as the server meets it: what it sends with every call, and what it reads of the answers.
import assert from 'node:assert/strict'
import { DEMO_PASSWORD, seedDemo } from '../src/cli/demo/demo.ts'
import { type Answer, startApp, type TestApp } from './harness.ts'

/** What somebody at the front end does. */
export interface FrontEnd {
  id: string
  send(method: string, path: string, json?: unknown): Promise<Answer>
  /** The answer's body; fails unless it has the status and what `shape` reads. */
  read(method: string, path: string, shape: Shape, json?: unknown, status?: number): Promise<Answer['body']>
}

/**
 * What is read of a value: a type, with `?` where null will do, the fields of an object, or the items of a list of one at least. More
 * fields than those may be there.
 */
export type Shape = string | readonly Shape[] | { readonly [field: string]: Shape }

/** A whole Ashlar with the demonstration data. */
export async function startDemo(): Promise<TestApp> {
  const ashlar = await startApp({ jobs: true, env: { DEFAULT_LOCALE: 'zh-CN' } })
  await seedDemo(ashlar.drivers.database, ashlar.app.hashing, { size: 0, tenants: 0, progress: () => undefined })
  return ashlar
}

export async function frontEnd(ashlar: TestApp, name: string): Promise<FrontEnd> {
  const json = { email: `${name}@halolight.h7ml.cn`, password: DEMO_PASSWORD }
  const { body } = await ashlar.call('POST', '/api/auth/login', { json })
  return sender(ashlar, body.user.id, body.accessToken)
}

/** It sends a content type with every call, also where there is no body. */
export function sender(ashlar: TestApp, id: string, token?: string): FrontEnd {
  const send: FrontEnd['send'] = (method, path, json) =>
    ashlar.call(method, `/api${path}`, {
      ...(token && { token }),
      ...(json !== undefined && { json }),
      headers: { 'content-type': 'application/json' },
    })
  return {
    id,
    send,
    async read(method, path, shape, json, status = method === 'POST' ? 201 : 200) {
      const answer = await send(method, path, json)
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
      mustRead(answer.body, shape, `${method} ${path}`)
      return answer.body
    },
  }
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const isList = (shape: Shape): shape is readonly Shape[] => Array.isArray(shape)

export function mustRead(value: unknown, shape: Shape, where: string): void {
  const shown = `${where} is ${JSON.stringify(value)?.slice(0, 200)}`
  if (typeof shape === 'string') {
    const type = shape.replace('?', '')
    if (shape !== type && value === null) return
    if (type === 'date') assert.match(String(value), ISO, shown)
    else if (type === 'list') assert.ok(Array.isArray(value), shown)
    else assert.equal(typeof value, type, shown)
  } else if (isList(shape)) {
    assert.ok(Array.isArray(value) && value.length > 0, shown)
    for (const [at, item] of value.entries()) mustRead(item, shape[0]!, `${where}[${at}]`)
  } else {
    assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), shown)
    for (const [key, inner] of Object.entries(shape))
      mustRead((value as Record<string, unknown>)[key], inner, `${where}.${key}`)
  }
}

/** Dates stand there under both spellings. */
export const DATES = { createdAt: 'date', created_at: 'date', updatedAt: 'date', updated_at: 'date' } as const

/** What server actions take for success; they return `data`. */
export const actionOf = (data: Shape): Shape => ({ code: 'number', data })

export const META = { total: 'number', page: 'number', limit: 'number', totalPages: 'number' } as const

export const PERMISSION = { id: 'string', action: 'string', resource: 'string' } as const
