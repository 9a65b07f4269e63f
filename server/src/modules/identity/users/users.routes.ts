// Accounts over HTTP.
import Type from 'typebox'
import { contradiction, invalidField } from '../../../core/errors.ts'
import { unknownCursor } from '../../../core/page.ts'
import {
  alias,
  Binary,
  Body,
  Deleted,
  IdList,
  IdParams,
  pageAnswer,
  type Route,
  route,
  type UploadedFile,
} from '../../../drivers/http/index.ts'
import type { Letter } from './service/parts.ts'
import { BatchDeleted, NewUser, OwnChanges, StatusChange, User, UserChanges, UserQuery } from './users.schema.ts'
import type { Users } from './users.service.ts'

export interface UserRouteParts {
  users: Users
  /** Sends the mail in which a new colleague chooses a password. */
  invite: Letter
  /** Sends the mail in which somebody confirms an address. */
  verify: Letter
  avatarMaxBytes: number
}

export function userRoutes(parts: UserRouteParts): Route[] {
  return [...ownRoutes(parts), ...administrationRoutes(parts), ...stateRoutes(parts), ...avatarRoutes(parts)]
}

function ownRoutes({ users }: UserRouteParts): Route[] {
  const bases = ['canonical', 'halolight', 'envelope'] as const
  const update = route({
    method: 'PATCH',
    path: '/users/me',
    operation: 'users.updateMe',
    access: 'session',
    bases,
    summary: 'Change your own profile',
    body: OwnChanges,
    answer: User,
    message: 'Profile updated',
    errors: ['users.username_taken', 'users.phone_taken', 'users.changed_meanwhile'],
    handle: ({ actor, body, facts, ifMatch }) => users.updateMe(actor, body, facts, ifMatch),
  })
  return [
    route({
      method: 'GET',
      path: '/users/me',
      operation: 'users.me',
      access: 'user',
      bases,
      summary: 'Read your own account',
      answer: User,
      handle: ({ actor }) => users.me(actor),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'users.replaceMe' }),
    route({
      method: 'DELETE',
      path: '/users/me',
      operation: 'users.removeMe',
      access: 'session',
      fresh: true,
      bases,
      summary: 'Delete your own account',
      description: 'The account is deleted softly: every session ends at once, and an administrator can restore it.',
      answer: Deleted,
      message: 'Account deleted',
      errors: ['tenants.last_owner'],
      handle: async ({ actor, facts }) => {
        await users.removeMe(actor, facts)
        return { message: 'Your account was deleted.', id: actor.userId }
      },
    }),
  ]
}

const WRITE_ERRORS = [
  'users.not_found',
  'users.self',
  'users.beyond_own',
  'users.managed_elsewhere',
  'users.belongs_elsewhere',
] as const
const TAKEN = ['users.email_taken', 'users.username_taken', 'users.phone_taken', 'tenants.domain_not_allowed'] as const

/** `roleId` is one role of `roleIds`, where both are sent. */
function mustNameOneSetOfRoles({ roleId, roleIds }: Pick<NewUser, 'roleId' | 'roleIds'>): void {
  if (roleId !== undefined && roleIds && !roleIds.includes(roleId)) throw contradiction('roleId')
}

function administrationRoutes({ users, invite, verify }: UserRouteParts): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/users/:id',
    operation: 'users.update',
    access: 'users:edit',
    summary: 'Change an account or its roles',
    description:
      'Nobody grants what they do not hold, nor edits an account that holds more than they do. Account fields change in its home tenant only. Your own address and password need a recent proof of a secret.',
    params: IdParams('user'),
    body: UserChanges,
    answer: User,
    errors: [...WRITE_ERRORS, ...TAKEN, 'users.changed_meanwhile', 'roles.beyond_own'],
    handle: async ({ actor, params, body, facts, ifMatch }) => {
      mustNameOneSetOfRoles(body)
      return users.update(actor, params.id, { changes: body, version: ifMatch }, facts, verify)
    },
  })
  return [
    route({
      method: 'GET',
      path: '/users',
      operation: 'users.list',
      access: 'users:view',
      summary: 'List the members of the tenant',
      description:
        'Newest first. The total is exact; a search or a role filter counts up to 1,000 matches. Sorted by anything but `createdAt` the list gives no cursor and takes none.',
      query: UserQuery,
      answer: pageAnswer(User),
      handle: async ({ actor, query }) => {
        if (query.cursor && (query.sortBy ?? 'createdAt') !== 'createdAt')
          throw unknownCursor('A cursor continues the order by createdAt only. Go on by page, or leave out sortBy.')
        return users.list(actor, query)
      },
    }),
    route({
      method: 'GET',
      path: '/users/:id',
      operation: 'users.get',
      access: 'users:view',
      summary: 'Read an account',
      params: IdParams('user'),
      answer: User,
      errors: ['users.not_found'],
      handle: ({ actor, params }) => users.get(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/users',
      operation: 'users.create',
      access: 'users:create',
      summary: 'Make an account',
      description: 'Without a password the person gets a mail in which to choose one.',
      body: NewUser,
      status: 201,
      answer: User,
      errors: [...TAKEN, 'roles.beyond_own'],
      handle: async ({ actor, body, facts }) => {
        mustNameOneSetOfRoles(body)
        return users.create(actor, body, facts, invite)
      },
    }),
    update,
    alias(update, { method: 'PUT', operation: 'users.replace' }),
    route({
      method: 'DELETE',
      path: '/users/:id',
      operation: 'users.remove',
      access: 'users:delete',
      summary: 'Delete an account',
      description: 'Softly: it can be restored. An account of another home tenant only loses its membership here.',
      params: IdParams('user'),
      answer: Deleted,
      errors: WRITE_ERRORS,
      handle: async ({ actor, params, facts }) => {
        await users.get(actor, params.id)
        await users.remove(actor, [params.id], facts)
        return { message: 'The user was deleted.', id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/users/batch-delete',
      operation: 'users.batchDelete',
      access: 'users:delete',
      summary: 'Delete up to 100 accounts',
      description:
        'All or nothing where something is forbidden; ids that are not members here are skipped, and the answer says how many were deleted.',
      body: IdList('user'),
      answer: BatchDeleted,
      errors: ['users.self', 'users.beyond_own'],
      handle: async ({ actor, body, facts }) => {
        const deletedCount = await users.remove(actor, body.ids, facts)
        return { message: `${deletedCount} deleted.`, deletedCount }
      },
    }),
    route({
      method: 'POST',
      path: '/users/:id/restore',
      operation: 'users.restore',
      access: 'users:delete',
      summary: 'Restore a deleted account',
      params: IdParams('user'),
      answer: User,
      errors: WRITE_ERRORS,
      handle: ({ actor, params, facts }) => users.restore(actor, params.id, facts),
    }),
  ]
}

function stateRoutes({ users }: UserRouteParts): Route[] {
  const fixed = (word: 'activate' | 'deactivate', status: 'ACTIVE' | 'SUSPENDED') =>
    route({
      method: 'PATCH',
      path: `/users/:id/${word}`,
      operation: `users.${word}`,
      access: 'users:edit',
      summary: word === 'activate' ? 'Let an account sign in again' : 'Suspend an account: every session ends at once',
      params: IdParams('user'),
      answer: User,
      errors: WRITE_ERRORS,
      handle: ({ actor, params, facts }) => users.setStatus(actor, params.id, status, facts),
    })
  return [
    route({
      method: 'PATCH',
      path: '/users/:id/status',
      operation: 'users.setStatus',
      access: 'users:edit',
      summary: 'Set the state of an account',
      description: 'Anything but ACTIVE ends every session at once.',
      params: IdParams('user'),
      body: StatusChange,
      answer: User,
      errors: WRITE_ERRORS,
      handle: ({ actor, params, body, facts }) => users.setStatus(actor, params.id, body.status, facts),
    }),
    fixed('activate', 'ACTIVE'),
    fixed('deactivate', 'SUSPENDED'),
  ]
}

function avatarRoutes({ users, avatarMaxBytes }: UserRouteParts): Route[] {
  const pictureOf = (files: Record<string, UploadedFile>) => {
    const picture = files.file ?? files.avatar
    if (!picture) throw invalidField('file', 'missing', 'Send the picture as a file named `file`.')
    return picture
  }
  return [
    route({
      method: 'GET',
      path: '/avatars/:id',
      operation: 'users.avatar',
      access: { public: 'pictures are shown by <img>, which sends no token; their ids cannot be guessed' },
      bases: ['plain'],
      summary: 'Read a picture',
      params: IdParams('picture'),
      answer: Type.Unsafe<Buffer>({ type: 'string', contentMediaType: 'image/webp' }),
      binary: ['image/webp'],
      errors: ['users.not_found'],
      handle: async ({ params }) => {
        const { type, bytes } = await users.avatar(params.id)
        return new Binary(type, bytes, 'public, max-age=31536000, immutable')
      },
    }),
    route({
      method: 'POST',
      path: '/users/:id/avatar',
      operation: 'users.setAvatar',
      access: 'session',
      summary: 'Upload a picture for an account',
      description:
        'JPEG, PNG or WebP by content, re-encoded without metadata. Your own, or with `users:edit` another one.',
      params: IdParams('user'),
      body: Body({}),
      accepts: ['multipart'],
      files: { file: { maxBytes: avatarMaxBytes }, avatar: { maxBytes: avatarMaxBytes } },
      bodyLimit: avatarMaxBytes + 65_536,
      answer: User,
      errors: [
        'users.not_found',
        'users.avatar_invalid',
        'request.too_large',
        'users.beyond_own',
        'users.managed_elsewhere',
      ],
      handle: ({ actor, params, files, facts }) => users.setAvatar(actor, params.id, pictureOf(files), facts),
    }),
    route({
      method: 'DELETE',
      path: '/users/:id/avatar',
      operation: 'users.removeAvatar',
      access: 'session',
      summary: 'Remove the picture of an account',
      params: IdParams('user'),
      answer: User,
      errors: ['users.not_found', 'users.beyond_own', 'users.managed_elsewhere'],
      handle: ({ actor, params, facts }) => users.removeAvatar(actor, params.id, facts),
    }),
  ]
}
