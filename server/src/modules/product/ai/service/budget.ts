// Budgets: what may still be used today is set aside before a provider is asked, and settled when the answer has ended.
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import { aiErrors } from '../ai.errors.ts'
import type { SettingsRow } from '../settings.queries.ts'
import * as usage from '../usage.queries.ts'
import type { AiOptions } from './parts.ts'

export interface Limits {
  /** Tokens a day; Infinity for any number. */
  tenant: number
  user: number
}

export interface Granted {
  day: string
  /** How many tokens the answer may have. */
  output: number
  /** Whether that is less than was wanted. */
  cut: boolean
}

/** An answer of fewer tokens is none. */
const LEAST_OUTPUT = 8

/** What holds in a tenant: the lower of its own limits and the installation's. */
export function limitsOf(
  settings: SettingsRow | undefined,
  options: Pick<AiOptions, 'tenantTokens' | 'userTokens'>,
): Limits {
  const lower = (own: number | null | undefined, all: number) =>
    Math.min(own ?? Number.POSITIVE_INFINITY, all === 0 ? Number.POSITIVE_INFINITY : all)
  return {
    tenant: lower(settings?.tenantTokens, options.tenantTokens),
    user: lower(settings?.userTokens, options.userTokens),
  }
}

/** How many tokens are left, of rows that were read. */
export function leftOf(rows: readonly usage.Used[], limits: Limits): number {
  const spent = (userId: string) => rows.find((row) => (row.userId === '') === (userId === ''))?.tokens ?? 0
  return Math.min(limits.tenant - spent(''), limits.user - spent('user'))
}

/**
 * Decides what may be set aside: what the question takes, and as much of the answer as there is room for. The rows of the day stay
 * locked, so that it holds until the transaction has set it aside. Throws `ai.budget_used_up`.
 */
export async function grant(
  tx: Tx,
  userId: string,
  limits: Limits,
  wanted: { input: number; output: number },
): Promise<Granted> {
  const rows = await usage.lockToday(tx, userId)
  const left = leftOf(rows, limits) - wanted.input
  if (left < LEAST_OUTPUT) throw await usedUp(tx)
  const output = Math.min(wanted.output, left)
  const { day } = rows[0]!
  return { day, output, cut: output < wanted.output }
}

/** Sets more aside for an answer that asks its model again; false where there is no room. */
export async function grantMore(
  tx: Tx,
  { day, userId }: { day: string; userId: string },
  limits: Limits,
  input: number,
): Promise<boolean> {
  const rows = await usage.lockDay(tx, day, userId)
  if (leftOf(rows, limits) < input) return false
  await usage.reserve(tx, day, userId, input)
  return true
}

async function usedUp(db: Executor) {
  return aiErrors('ai.budget_used_up', { retryAfter: await usage.secondsLeft(db) })
}
