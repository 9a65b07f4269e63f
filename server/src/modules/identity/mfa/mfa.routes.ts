// Second factors over HTTP: the signed-in person's own. The second half of signing in is a route of signing in.
import { Deleted, IdParams, Message, type Route, route } from '../../../drivers/http/index.ts'
import {
  Confirm,
  Confirmed,
  Enroll,
  Enrolling,
  Factor,
  FactorList,
  MfaState,
  RecoveryCodes,
  Rename,
} from './mfa.schema.ts'
import type { Mfa } from './mfa.service.ts'

const everywhere = ['canonical', 'halolight', 'envelope'] as const

export function mfaRoutes(mfa: Mfa): Route[] {
  return [...enrollingRoutes(mfa), ...keepingRoutes(mfa)]
}

function enrollingRoutes(mfa: Mfa): Route[] {
  return [
    route({
      method: 'GET',
      path: '/auth/mfa',
      operation: 'mfa.state',
      access: 'session',
      enrolling: true,
      bases: everywhere,
      summary: 'Your second factors, and whether this tenant asks for one',
      answer: MfaState,
      handle: ({ actor }) => mfa.state(actor),
    }),
    route({
      method: 'GET',
      path: '/auth/mfa/totp',
      operation: 'mfa.list',
      access: 'session',
      enrolling: true,
      bases: everywhere,
      summary: 'List your authenticators',
      answer: FactorList,
      handle: async ({ actor }) => ({ data: await mfa.list(actor) }),
    }),
    route({
      method: 'POST',
      path: '/auth/mfa/totp/enroll',
      operation: 'mfa.enroll',
      access: 'session',
      fresh: true,
      enrolling: true,
      bases: everywhere,
      summary: 'Begin to add an authenticator app',
      description:
        'Answers the secret as text, address and QR code, once. It counts when its first code is confirmed, within ten minutes.',
      body: Enroll,
      answer: Enrolling,
      errors: ['mfa.too_many', 'auth.wrong_password', 'auth.locked', 'auth.too_many_attempts'],
      handle: ({ actor, body }) => mfa.enroll(actor, body),
    }),
    route({
      method: 'POST',
      path: '/auth/mfa/totp/confirm',
      operation: 'mfa.confirm',
      access: 'session',
      enrolling: true,
      rate: 'auth',
      bases: everywhere,
      summary: 'Confirm an authenticator by its first code',
      description:
        'From now on signing in asks for a code. Ends your other sessions. The first authenticator comes with ten recovery codes.',
      body: Confirm,
      answer: Confirmed,
      errors: ['mfa.not_found', 'mfa.wrong_code', 'auth.locked', 'auth.too_many_attempts'],
      handle: ({ actor, body, facts }) => mfa.confirm(actor, body, facts),
    }),
  ]
}

function keepingRoutes(mfa: Mfa): Route[] {
  return [
    route({
      method: 'PATCH',
      path: '/auth/mfa/totp/:id',
      operation: 'mfa.rename',
      access: 'session',
      bases: everywhere,
      summary: 'Rename an authenticator',
      params: IdParams('factor'),
      body: Rename,
      answer: Factor,
      errors: ['mfa.not_found'],
      handle: ({ actor, params, body, facts }) => mfa.rename(actor, params.id, body.name, facts),
    }),
    route({
      method: 'DELETE',
      path: '/auth/mfa/totp/:id',
      operation: 'mfa.remove',
      access: 'session',
      fresh: true,
      bases: everywhere,
      summary: 'Remove an authenticator',
      description: 'Ends your other sessions. With the last one go the recovery codes.',
      params: IdParams('factor'),
      answer: Deleted,
      errors: ['mfa.not_found'],
      handle: async ({ actor, params, facts }) => {
        await mfa.remove(actor, params.id, facts)
        return { message: 'The authenticator was removed.', id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/mfa/totp/disable',
      operation: 'mfa.disable',
      access: 'session',
      fresh: true,
      bases: everywhere,
      summary: 'Remove all authenticators and recovery codes',
      description: 'Ends your other sessions. Signing in asks for the password alone from now on.',
      answer: Message,
      errors: ['mfa.not_enrolled'],
      handle: async ({ actor, facts }) => {
        await mfa.disable(actor, facts)
        return { message: 'Your second factors were removed.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/mfa/recovery-codes',
      operation: 'mfa.renewRecoveryCodes',
      access: 'session',
      fresh: true,
      bases: everywhere,
      summary: 'Get new recovery codes in the place of the old ones',
      description: 'They are shown once. Ends your other sessions.',
      answer: RecoveryCodes,
      errors: ['mfa.not_enrolled'],
      handle: async ({ actor, facts }) => ({ recoveryCodes: await mfa.renewRecoveryCodes(actor, facts) }),
    }),
  ]
}
