// Proving a second factor: codes of authenticators and recovery codes, each good once, guesses counted per person.
import { invalidField } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { tenantOfRecord } from '../../tenants/index.ts'
import type { Credentials } from '../../users/index.ts'
import * as queries from '../mfa.queries.ts'
import type { Proof } from '../mfa.schema.ts'
import { hashOfCode } from '../recovery-codes.ts'
import { matchingStep } from '../totp.ts'
import { type MfaParts, notify, sealContext } from './parts.ts'

export interface Proving {
  /**
   * Uses a code up in the transaction; false when it is wrong or was used. A recovery code is audited and told to its owner.
   * Only inside `counted`.
   */
  consume(tx: Tx, account: Credentials, proof: Proof, facts: RequestFacts): Promise<boolean>
  /**
   * Runs a check of a second factor unless its owner's codes were guessed at too often, wherever and in whatever session;
   * throws `auth.locked` then. The failure that locks is told to the owner.
   */
  counted(account: Credentials, check: () => Promise<boolean>, facts: RequestFacts): Promise<boolean>
}

/** Throws unless exactly one of the two was sent. */
export function mustBeOne({ code, recoveryCode }: Proof): void {
  if ((code === undefined) === (recoveryCode === undefined))
    throw invalidField('code', 'one_of', 'Send either a code or a recovery code.')
}

export function createProving(parts: MfaParts): Proving {
  const { database, audit, clock, sealer, throttle } = parts

  async function consumeCode(tx: Tx, userId: string, code: string): Promise<boolean> {
    for (const { id, secret } of await queries.listSealed(tx, userId)) {
      const step = matchingStep(sealer.open(secret, sealContext(id)), code, clock.now())
      if (step !== undefined && (await queries.useStep(tx, id, step))) return true
    }
    return false
  }

  async function consumeRecoveryCode(
    tx: Tx,
    account: Credentials,
    code: string,
    facts: RequestFacts,
  ): Promise<boolean> {
    if (!(await queries.useCode(tx, account.id, hashOfCode(code)))) return false
    const left = await queries.codesLeft(tx, account.id)
    await notify(parts, tx, account, 'recovery_code_used', facts)
    const deed = { action: 'mfa.recovery_code', targetType: 'user', targetId: account.id, changes: { left } }
    audit.record(tx, { kind: 'system', name: 'mfa' }, deed, facts)
    return true
  }

  return {
    consume(tx, account, proof, facts) {
      mustBeOne(proof)
      return proof.code === undefined
        ? consumeRecoveryCode(tx, account, proof.recoveryCode!, facts)
        : consumeCode(tx, account.id, proof.code)
    },

    counted: (account, check, facts) =>
      throttle.attempt(account.id, check, 'mfa', () =>
        database.inTenant(tenantOfRecord(account), async (tx) => {
          await notify(parts, tx, account, 'mfa_guessing', facts)
          const deed = { action: 'mfa.locked', targetType: 'user', targetId: account.id }
          audit.record(tx, { kind: 'system', name: 'mfa' }, deed, facts)
        }),
      ),
  }
}
