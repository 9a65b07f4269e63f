// The SQL of delivery: a mail claimed by a worker, what became of it for each recipient, and tried again.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import { WHOLE, type WholeRow } from './mail.queries.ts'
import type { AttemptRow, MailRow, RecipientRow } from './mail.tables.ts'

/** How long a mail waits for its server. */
const PATIENCE = sql`interval '24 hours'`

/**
 * Takes a mail to send it, and begins a try. It comes back `sending`; `cancelled` when what it brings has died; `failed`, or
 * `partial` when some recipients have it, when its server could not be reached for too long. Undefined when there is nothing to
 * send any more.
 */
export function claim(db: Executor, id: string): Promise<WholeRow | undefined> {
  return db.one<WholeRow>(sql`
    WITH next AS (
      SELECT id AS claimed, CASE
        WHEN "expiresAt" <= now() THEN CASE WHEN ${HAS_ACCEPTED} THEN 'partial' ELSE 'cancelled' END
        WHEN "queuedAt" <= now() - ${PATIENCE} AND EXISTS (
          SELECT FROM mail_attempts WHERE "mailId" = mails.id AND "startedAt" >= mails."queuedAt"
        ) THEN CASE WHEN ${HAS_ACCEPTED} THEN 'partial' ELSE 'failed' END
        ELSE 'sending'
      END AS step
      FROM mails WHERE id = ${id} AND state IN ('queued', 'sending') FOR UPDATE
    ), taken AS (
      UPDATE mails SET
        state = next.step,
        attempts = attempts + CASE next.step WHEN 'sending' THEN 1 ELSE 0 END,
        sealed = CASE next.step WHEN 'sending' THEN sealed END
      FROM next WHERE id = next.claimed
      RETURNING ${WHOLE}
    ), begun AS (
      INSERT INTO mail_attempts ("mailId", number) SELECT id, attempts FROM taken WHERE state = 'sending'
    ), ended AS (
      UPDATE mail_recipients SET state = 'failed', "settledAt" = now()
      FROM taken WHERE "mailId" = taken.id AND taken.state <> 'sending' AND mail_recipients.state = 'waiting'
    )
    SELECT * FROM taken`)
}

const HAS_ACCEPTED = sql`EXISTS (SELECT FROM mail_recipients WHERE "mailId" = mails.id AND state = 'accepted')`

export interface Outcome extends Pick<AttemptRow, 'outcome' | 'answer' | 'error'> {
  id: string
  number: number
  state: MailRow['state']
  recipients: Pick<RecipientRow, 'address' | 'state' | 'answer'>[]
}

/** Writes what a try came to: for the mail, for each recipient that waited, and for the log. */
export function settle(
  db: Executor,
  { id, number, state, outcome, answer, error, recipients }: Outcome,
): Promise<number> {
  return db.run(sql`
    WITH each AS (
      UPDATE mail_recipients SET state = one.state, answer = one.answer,
        "settledAt" = CASE WHEN one.state <> 'waiting' THEN now() END
      FROM unnest(${recipients.map((one) => one.address)}::text[], ${recipients.map((one) => one.state)}::text[],
        ${recipients.map((one) => one.answer)}::text[]) one (address, state, answer)
      WHERE "mailId" = ${id} AND mail_recipients.address = one.address AND mail_recipients.state = 'waiting'
    ), tried AS (
      UPDATE mail_attempts SET "endedAt" = clock_timestamp(), outcome = ${outcome}, answer = ${answer}, error = ${error}
      WHERE "mailId" = ${id} AND number = ${number}
    )
    UPDATE mails SET state = ${state}, "providerAnswer" = COALESCE(${answer}::text, "providerAnswer"), "lastError" = ${error},
      "sentAt" = CASE WHEN ${state} IN ('sent', 'partial') THEN COALESCE("sentAt", now()) ELSE "sentAt" END,
      sealed = CASE WHEN ${state} = 'queued' THEN sealed END
    WHERE id = ${id}`)
}

/** No other try will come by this job. A mail that another job has taken over since is left alone. */
export function giveUp(
  db: Executor,
  { id, jobId, error }: { id: string; jobId: string; error: string },
): Promise<number> {
  return db.run(sql`
    WITH given AS (
      UPDATE mails SET state = CASE WHEN ${HAS_ACCEPTED} THEN 'partial' ELSE 'failed' END, "lastError" = ${error}, sealed = NULL
      WHERE id = ${id} AND COALESCE("jobId", ${jobId}) = ${jobId} AND state IN ('queued', 'sending') RETURNING id
    ), ended AS (
      UPDATE mail_attempts SET "endedAt" = now(), error = COALESCE(error, ${error})
      FROM given WHERE "mailId" = given.id AND "endedAt" IS NULL
    )
    UPDATE mail_recipients SET state = 'failed', "settledAt" = now()
    FROM given WHERE "mailId" = given.id AND state = 'waiting'`)
}

export interface Retried extends Pick<MailRow, 'id' | 'state' | 'secret' | 'jobId'> {
  isUnsealed: boolean
  isExpired: boolean
  isGone: boolean
}

/** The mail for a change, as far as a new try depends on it. */
export function lock(db: Executor, id: string): Promise<Retried | undefined> {
  return db.one<Retried>(sql`
    SELECT id, state, secret, "jobId", sealed IS NULL AS "isUnsealed", COALESCE("expiresAt" <= now(), false) AS "isExpired",
      "contentDeletedAt" IS NOT NULL AS "isGone"
    FROM mails WHERE id = ${id} FOR UPDATE`)
}

/** Whoever did not get it waits for it again, by this job. */
export function requeue(db: Executor, id: string, jobId: string): Promise<number> {
  return db.run(sql`
    WITH each AS (
      UPDATE mail_recipients SET state = 'waiting', "settledAt" = NULL WHERE "mailId" = ${id} AND state IN ('refused', 'failed')
    )
    UPDATE mails SET state = 'queued', "queuedAt" = now(), "jobId" = ${jobId} WHERE id = ${id}`)
}

/** Whether anything has been heard of it: it is over, or a first try has ended. */
export function progressOf(db: Executor, id: string): Promise<{ isHeardOf: boolean } | undefined> {
  return db.one<{ isHeardOf: boolean }>(sql`
    SELECT state NOT IN ('queued', 'sending') OR (state = 'queued' AND attempts > 0) AS "isHeardOf" FROM mails WHERE id = ${id}`)
}
