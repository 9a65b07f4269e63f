// A request that succeeds, for every route that reads a body: the example of its document, with what only a moment knows put in.
import { createHash, randomUUID } from 'node:crypto'
import type { createClient } from '../../src/cli/isolation/client.ts'
import { type Operation, placesOf } from '../../src/cli/isolation/document.ts'
import { addFactor } from '../../src/cli/isolation/factors.ts'
import { requestOf } from '../../src/cli/isolation/requests.ts'
import type { Side } from '../../src/cli/isolation/sides.ts'
import { asking, newWord } from '../../src/cli/isolation/words.ts'
import { codeAt, fromBase32, stepAt } from '../../src/modules/identity/mfa/index.ts'
import { ADMIN, PASSWORD, type Person, type TestApp } from '../harness.ts'

export interface Cast {
  ashlar: TestApp
  client: ReturnType<typeof createClient>
  side: Side
  /** A token of the back office. */
  root: string
}

/** What the fields stand beside: nothing of it is at fault. */
export interface Valid {
  path: string
  headers: Record<string, string>
  body: Record<string, unknown>
}

interface Particulars {
  body?: Record<string, unknown>
  token?: string
  tenant?: string | undefined
  id?: string
  /** Where a secret in the address says what it is about. */
  path?: string
}

const API = '/api/v1'
const NEW_PASSWORD = `${PASSWORD}-2`

/** The request for this moment; what it needs is made before. */
export async function validRequest(cast: Cast, operation: Operation): Promise<Valid> {
  const { side, root } = cast
  const name = operation.id.replace(/\.(halolight|envelope)$/, '').replace(/^organizations\./, 'tenants.')
  const particulars = (await PARTICULARS[name]?.(cast, operation)) ?? {}
  const forAdmins = operation.access === 'admin'
  const { token = forAdmins ? root : side.people.owner!.token, id } = particulars
  const tenant = 'tenant' in particulars || forAdmins ? particulars.tenant : side.tenant.id
  const path = placesOf(operation).filter((place) => place.in === 'path')
  const last = path.findLast(({ noun }) => noun !== 'tenant')
  // What is done to it may end it: never to one that another request needs.
  const ids = new Map(last?.noun ? [[last, [id ?? (await side.objects.another(last.noun))]]] : [])
  const own = (noun: string) => side.objects.get(noun)
  const { body, ...request } = requestOf(operation, { ids, own, word: newWord(), secret: side.people.owner!.password })
  const example = typeof body === 'string' ? (JSON.parse(body) as Record<string, unknown>) : {}
  return {
    path: particulars.path ?? request.path,
    headers: operation.access === 'public' && !particulars.token ? {} : asking(token, tenant),
    body: particulars.body ?? example,
  }
}

type Maker = (cast: Cast, operation: Operation) => Promise<Particulars>

/** Somebody new in the tenant, about whom the request is. */
const oneself =
  (body?: (person: { email: string; password: string }) => Record<string, unknown>): Maker =>
  async ({ side }) => {
    const person = await side.newMember()
    return { token: person.token, ...(body && { body: body(person) }) }
  }

const of =
  (make: (person: Person, cast: Cast) => Record<string, unknown> | Promise<Record<string, unknown>>): Maker =>
  async (cast) => ({ body: await make(await cast.ashlar.person(), cast) })

/** The secret of a link as it would have come by mail. */
async function linkFor(
  { ashlar }: Cast,
  { id, email }: Pick<Person, 'id' | 'email'>,
  purpose: string,
): Promise<string> {
  const secret = randomUUID()
  await ashlar.rows(
    `INSERT INTO one_time_tokens (id, "userId", purpose, "tokenHash", email, "expiresAt") VALUES ($1, $2, $3, $4, $5, now() + interval '1 hour')`,
    [randomUUID(), id, purpose, createHash('sha256').update(secret).digest('hex'), email],
  )
  return secret
}

async function openLink({ ashlar, side }: Cast): Promise<string> {
  const { token } = side.people.owner!
  const answer = await ashlar.call('POST', `${API}/tenants/${side.tenant.id}/invitations`, { token, json: {} })
  return answer.body.token
}

/** A link to a new file of the owner's. */
async function linkToFile({ ashlar, side }: Cast, json: object) {
  const fileId = await side.objects.another('file')
  const { token } = side.people.owner!
  const headers = { 'x-tenant-id': side.tenant.id }
  const { body } = await ashlar.call('POST', `${API}/files/${fileId}/links`, { token, headers, json })
  return { fileId, id: body.id as string, token: body.token as string }
}

async function newAdmin({ ashlar, root }: Cast): Promise<string> {
  const email = `${newWord()}@example.com`
  const json = { email, password: PASSWORD, name: 'Assignment' }
  await ashlar.call('POST', `${API}/admin/admins`, { token: root, json })
  const { body } = await ashlar.call('POST', `${API}/admin/auth/login`, { json: { email, password: PASSWORD } })
  return body.accessToken
}

const address = () => `${newWord()}@example.com`
const administrator = { login: ADMIN.email, password: ADMIN.password }

/** With or about somebody else in the tenant. */
const colleague = async ({ side }: Cast) => ({ body: { userId: (await side.newMember()).id } })
/** To an event of the owner, by whoever is to answer. */
const invited = async ({ ashlar, side }: Cast) => {
  const { owner, wide } = side.people
  const [start, end] = ['2030-05-06T09:00:00Z', '2030-05-06T10:00:00Z']
  const json = { title: 'Invited', start, end, attendeeIds: [wide!.id] }
  const headers = { 'x-tenant-id': side.tenant.id }
  const { body } = await ashlar.call('POST', `${API}/calendar/events`, { token: owner!.token, headers, json })
  return { token: wide!.token, id: body.id, body: { status: 'ACCEPTED' } }
}
/** On the base where `name` is another word for the title, it is none beside one. */
const titled = async () => ({ body: { title: 'Plan', content: newWord() } })

const PARTICULARS: Record<string, Maker> = {
  'teams.setMember': colleague,
  'conversations.create': async ({ side }) => ({ body: { name: 'Quarry', memberIds: [(await side.newMember()).id] } }),
  // One must be unread each time.
  async 'notifications.markAll'({ ashlar, side }) {
    const { token } = side.people.owner!
    await ashlar.call('PUT', `${API}/notifications/read-all`, { token, headers: asking(token, side.tenant.id) })
    await side.objects.another('notification')
    return {}
  },
  'conversations.add': async ({ side }) => ({ body: { userIds: [(await side.newMember()).id] } }),
  'folders.share': colleague,
  'calendar.addAttendees': colleague,
  'calendar.answer': invited,
  'documents.share': colleague,
  'files.share': colleague,
  'files.shareOrLink': colleague,
  async 'files.revokeShare'(cast) {
    const { fileId, id } = await linkToFile(cast, {})
    return { id: fileId, body: { shareId: id } }
  },
  async 'files.unlockShared'(cast, operation) {
    const { token } = await linkToFile(cast, { password: 'granite' })
    return { path: operation.path.replace('{token}', token), body: { password: 'granite' } }
  },
  // On the base where `path` is another word for the parent, it is none beside one.
  'files.folder': async () => ({ body: { name: newWord(), parentPath: '/' } }),
  // The example names no folder: the root takes everything.
  'files.move': async () => ({ body: { folderId: null } }),
  'documents.update': titled,
  'documents.edit': titled,
  'auth.login': of(({ email }) => ({ login: email, password: PASSWORD })),
  'auth.refresh': of(({ refreshToken }) => ({ refreshToken })),
  'auth.forgotPassword': of(({ email }) => ({ email })),
  'auth.resendVerification': of(({ email }) => ({ email })),
  'auth.resetPassword': of(async (person, cast) => ({
    token: await linkFor(cast, person, 'reset'),
    newPassword: NEW_PASSWORD,
  })),
  'auth.verifyEmail': of(async (person, cast) => ({ token: await linkFor(cast, person, 'verify') })),
  'auth.confirmEmailChange': of(async ({ id }, cast) => ({
    token: await linkFor(cast, { id, email: address() }, 'change'),
  })),
  // What a sign-in began on one base ends there.
  async 'auth.verifyMfa'({ ashlar, client }, operation) {
    const { email, token } = await ashlar.person()
    const { recoveryCodes } = await addFactor(client, asking(token))
    const json = { login: email, password: PASSWORD }
    const { body } = await ashlar.call('POST', operation.path.replace('mfa/verify', 'login'), { json })
    const { mfaToken = body.data?.mfa_token } = body
    return { body: { mfaToken, recoveryCode: recoveryCodes[0] } }
  },
  'auth.reauthenticate': oneself(({ password }) => ({ password })),
  'auth.changePassword': oneself(({ password }) => ({ oldPassword: password, newPassword: NEW_PASSWORD })),
  'auth.changeEmail': oneself(({ password }) => ({ email: address(), password })),
  'users.updateMe': oneself(),
  'users.replaceMe': oneself(),
  async 'users.setAvatar'({ ashlar }) {
    const { id, token } = await ashlar.person()
    return { id, token, tenant: undefined }
  },
  'mfa.enroll': oneself(() => ({ name: 'Phone' })),
  async 'mfa.confirm'({ ashlar }) {
    const { token } = await ashlar.person()
    const { body } = await ashlar.call('POST', `${API}/auth/mfa/totp/enroll`, { token, json: {} })
    const code = codeAt(fromBase32(body.secret), stepAt(Date.now()))
    return { token, tenant: undefined, body: { id: body.id, code } }
  },
  async 'mfa.rename'({ ashlar, client }) {
    const { token } = await ashlar.person()
    const { id } = await addFactor(client, asking(token))
    return { token, tenant: undefined, id, body: { name: 'Phone' } }
  },
  'tenants.addMember': of(({ id }) => ({ userId: id, level: 'MEMBER' })),
  'invitations.preview': of(async (_, cast) => ({ token: await openLink(cast) })),
  async 'invitations.accept'(cast) {
    const { token } = await cast.ashlar.person()
    return { token, tenant: undefined, body: { token: await openLink(cast) } }
  },
  'mail.sendFiles': async () => ({ body: { recipients: address(), subject: 'Slabs', body: 'Ready.' } }),
  'permissions.create': async () => ({ body: { action: `gold:${newWord()}` } }),
  'permissions.explain': async () => ({ body: { permission: 'users:edit' } }),
  'tokens.create': async () => ({ body: { name: 'ci', scopes: ['users:view'] } }),
  'admins.register': async ({ root }) => ({
    token: root,
    tenant: undefined,
    body: { email: address(), password: PASSWORD, name: 'Assignment' },
  }),
  'admins.login': async () => ({ body: administrator }),
  async 'admins.refresh'({ ashlar }) {
    const { body } = await ashlar.call('POST', `${API}/admin/auth/login`, { json: administrator })
    return { body: { refreshToken: body.refreshToken } }
  },
  'admins.changePassword': async (cast) => ({
    token: await newAdmin(cast),
    body: { oldPassword: PASSWORD, newPassword: NEW_PASSWORD },
  }),
  'admins.impersonate': of(({ id }) => ({ userId: id, reason: 'The tests look around' })),
  'admins.createTenant': of(({ id }) => ({ name: `Yard ${newWord()}`, ownerId: id })),
}
