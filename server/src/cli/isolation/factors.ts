// Second factors of the two owners, and that the one's open nothing of the other's.
import { codeAt, fromBase32, stepAt } from '../../modules/identity/mfa/index.ts'
import type { Client } from './client.ts'
import { described, type Finding, masked } from './findings.ts'
import type { Request } from './requests.ts'

const API = '/api/v1/auth'
const MORE_THAN_SESSIONS = 21

export interface SecondFactor {
  id: string
  secret: string
  /** Those that came with the first authenticator. */
  recoveryCodes: string[]
}

/** What somebody without a second factor is told of theirs: anything else would be somebody else's. */
export async function readNoFactors(client: Client, token: string): Promise<Finding[]> {
  const request = { method: 'GET', path: `${API}/mfa`, headers: { authorization: `Bearer ${token}` } }
  const { enrolled, factors, recoveryCodesLeft } = await client.succeed(request)
  if (enrolled === false && recoveryCodesLeft === 0 && (factors as unknown[]).length === 0) return []
  const answers = [JSON.stringify({ enrolled, factors, recoveryCodesLeft })]
  return [{ places: [`GET ${API}/mfa`], asker: 'plain', what: 'leaks', request: described(request), answers }]
}

/** Signs in more often than one person may have sessions: only their own oldest may end. */
export async function signInOften(client: Client, { email, password }: Account): Promise<void> {
  for (let count = 0; count < MORE_THAN_SESSIONS; count++) await client.send(posted('/login', { email, password }), 0)
}

interface Account {
  email: string
  password: string
}

/** Adds an authenticator app to one's own account and confirms it by its first code. */
export async function addFactor(client: Client, headers: Record<string, string>): Promise<SecondFactor> {
  const enrolled = await client.succeed(posted('/mfa/totp/enroll', { name: 'Proof' }, headers))
  const { id, secret } = enrolled as { id: string; secret: string }
  const confirmed = await client.succeed(posted('/mfa/totp/confirm', { id, code: codeOf(secret, 0) }, headers))
  return { id, secret, recoveryCodes: (confirmed.recoveryCodes as string[] | undefined) ?? [] }
}

/** Signs in as somebody else, whose password is known, with one's own codes: nothing of it may work. */
export async function tryOwnFactors(
  client: Client,
  own: SecondFactor,
  { email, password }: Account,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const tries = [{ code: codeOf(own.secret, 1) }, { recoveryCode: own.recoveryCodes[0] }]
  for (const proof of tries) {
    const { mfaToken } = await client.succeed(posted('/login', { email, password }))
    const request = posted('/mfa/verify', { mfaToken, ...proof })
    const answer = await client.send(request)
    if (answer.status < 300)
      findings.push({
        places: [`POST ${API}/mfa/verify body ${Object.keys(proof)[0]}`],
        asker: 'owner',
        what: 'accepted',
        request: described(request),
        answers: [masked(answer, [])],
      })
  }
  return findings
}

/** The code of the time step that is so many after the present one; the server takes the next one too. */
function codeOf(secret: string, ahead: number): string {
  return codeAt(fromBase32(secret), stepAt(Date.now()) + ahead)
}

function posted(path: string, json: object, headers: Record<string, string> = {}): Request {
  return {
    method: 'POST',
    path: API + path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  }
}
