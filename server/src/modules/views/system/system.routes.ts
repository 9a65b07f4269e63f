// Health over HTTP, at the root and under the bases.
import Type from 'typebox'
import { requestErrors } from '../../../core/errors.ts'
import { alias, Binary, OneOf, type Route, route, Timestamp } from '../../../drivers/http/index.ts'
import type { System } from './system.service.ts'

const access = { public: 'load balancers and people ask without a token; the answer is cheap' }
const common = { access, rate: 'uncounted', bases: ['plain', 'canonical', 'halolight'] } as const

const HealthAnswer = Type.Object({
  name: Type.String(),
  version: Type.String(),
  environment: Type.String(),
  status: OneOf(['ok', 'degraded', 'stopping']),
  database: OneOf(['connected', 'disconnected']),
  timestamp: Timestamp,
})

export function systemRoutes(system: System): Route[] {
  const health = route({
    ...common,
    method: 'GET',
    path: '/health',
    operation: 'health.get',
    summary: 'How the server is',
    answer: HealthAnswer,
    handle: () => system.health(),
  })
  return [
    health,
    alias(health, { path: '/health/health', operation: 'health.getAgain', bases: ['canonical'] }),
    route({
      ...common,
      method: 'GET',
      path: '/health/db',
      operation: 'health.database',
      summary: 'Whether the database answers',
      answer: Type.Object({ database: Type.String(), status: Type.String(), timestamp: Timestamp }),
      errors: ['server.unavailable'],
      handle: async () => {
        const { database, timestamp } = await system.health()
        if (database !== 'connected') throw requestErrors('server.unavailable', { retryAfter: 1 })
        return { database, status: 'ok', timestamp }
      },
    }),
    route({
      ...common,
      method: 'GET',
      path: '/health/cache',
      operation: 'health.cache',
      summary: 'Where counters are kept, and whether nodes hear of each other',
      answer: Type.Object({ cache: Type.String(), bus: Type.String(), status: Type.String() }),
      handle: async () => system.cache(),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/health/live',
      operation: 'health.live',
      summary: 'Whether the process runs',
      answer: Type.Object({ status: Type.Literal('ok') }),
      handle: async () => ({ status: 'ok' }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/health/ready',
      operation: 'health.ready',
      summary: 'Whether requests may come',
      answer: Type.Object({ status: Type.Literal('ok') }),
      errors: ['server.unavailable'],
      handle: async () => {
        if (!(await system.isReady())) throw requestErrors('server.unavailable', { retryAfter: 1 })
        return { status: 'ok' }
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      operation: 'metrics.get',
      access: { public: 'it asks for METRICS_TOKEN itself, and is not there without one' },
      rate: 'uncounted',
      bases: ['plain'],
      summary: 'What Prometheus asks for',
      description:
        'Text in the exposition format of Prometheus, for the bearer token of METRICS_TOKEN; 404 where none is set.',
      headers: { authorization: 'The bearer token of METRICS_TOKEN.' },
      answer: Type.String(),
      binary: ['text/plain'],
      errors: ['request.not_found', 'access.unauthenticated', 'server.unavailable'],
      handle: async ({ headers, facts }) => {
        const { type, text } = await system.metrics(headers.authorization, facts.ip)
        return new Binary(type, Buffer.from(text))
      },
    }),
  ]
}
