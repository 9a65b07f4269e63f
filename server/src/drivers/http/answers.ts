// How an answer is written: bytes as they are, a single resource with its entity tag, anything else as JSON.
import { Readable } from 'node:stream'
import fastJson, { type Schema } from 'fast-json-stringify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import type { Dialect } from './dialects/index.ts'
import { type Downloads, endWhenStalled } from './downloads.ts'
import { etagOf, matches, versionOf } from './etags.ts'
import { Binary, Download, isPublic, type Route, Streamed } from './routes.ts'

interface Written {
  text: string
  etag: string
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** A function that writes what the handler of a mounted route returned. */
export function answerWriter(
  dialect: Dialect,
  route: Route,
  downloads: Downloads,
): (request: FastifyRequest, reply: FastifyReply, value: unknown) => FastifyReply | Promise<FastifyReply> {
  const status = route.status ?? 200
  // What a handler keeps in memory and returns again needs no second writing.
  const kept = new WeakMap<object, Written>()

  function write(reply: FastifyReply, value: object, version: number): Written {
    const known = kept.get(value)
    if (known) return known
    // As text: Node sends it together with the headers.
    const text = reply.serialize(dialect.success(route, value) as object) as string
    const written = { text, etag: etagOf(version, text) }
    kept.set(value, written)
    return written
  }

  return (request, reply, value) => {
    reply.code(status)
    if (value instanceof Binary)
      return reply
        .headers({ 'cache-control': value.cacheControl, ...value.headers })
        .type(value.type)
        .send(value.bytes)
    if (value instanceof Download) return downloads.send(request, reply, value)
    if (value instanceof Streamed) {
      const disposition = `attachment; filename="${value.fileName}"`
      reply.header('cache-control', 'no-store').header('content-disposition', disposition)
      endWhenStalled(reply)
      return reply.type(value.type).send(Readable.from(value.content))
    }
    if (!isPublic(route.access) || route.method !== 'GET') reply.header('cache-control', 'no-store')
    const version = versionOf(value)
    if (version === undefined) return reply.send(dialect.success(route, value) as object)
    const { text, etag } = write(reply, value as object, version)
    reply.header('etag', etag)
    if (request.method === 'GET' && matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
    return reply.type(JSON_TYPE).send(text)
  }
}

/** Writes what the schema lists, as JSON. It is compiled when it first writes, as `compileCheck` is when it is first asked. */
export function jsonWriter(schema: TSchema): (value: unknown) => string {
  let write: ((value: unknown) => string) | undefined
  return (value) => {
    write ??= fastJson(schema as Schema)
    return write(value)
  }
}
