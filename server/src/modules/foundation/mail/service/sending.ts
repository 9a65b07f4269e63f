// Mails that people have sent: one at a time, in their own words or by a template.
import { setTimeout as sleep } from 'node:timers/promises'
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField, Problem } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { KeptFile, RequestFacts } from '../../../../drivers/http/index.ts'
import * as delivery from '../delivery.queries.ts'
import { mailErrors } from '../mail.errors.ts'
import type { Accepted, AttachmentMail, SingleMail, TemplateMail, TwoPartMail } from '../mail.sending.schema.ts'
import { addressed, listed, ownLetter, twoPartLetter } from './drafts.ts'
import type { Limits } from './limits.ts'
import { acceptedOf } from './log.ts'
import type { Letter, Verbs, Written } from './parts.ts'

/** Each is written, with its job, before it is answered. */
export interface Sending {
  /** Waits a while for the mail server, and answers with what it said by then. */
  sendNow(actor: UserActor, mail: SingleMail, facts: RequestFacts): Promise<Accepted>
  /** Answers at once. */
  sendLater(actor: UserActor, mail: SingleMail, facts: RequestFacts): Promise<Accepted>
  sendTwoParts(actor: UserActor, mail: TwoPartMail, facts: RequestFacts): Promise<Accepted>
  sendTemplate(actor: UserActor, mail: TemplateMail, facts: RequestFacts): Promise<Accepted>
  /** With the files that were kept while they arrived. */
  sendFiles(actor: UserActor, mail: AttachmentMail, files: readonly KeptFile[], facts: RequestFacts): Promise<Accepted>
}

export type SendingParts = Verbs & { limits: Limits }

/** Tells the audit trail of a letter that somebody had sent. */
export function recordSent(
  { audit }: Pick<SendingParts, 'audit'>,
  tx: Tx,
  { actor, facts }: { actor: UserActor; facts: RequestFacts },
  { id, letter }: { id: string; letter: Letter },
): void {
  const { template, recipients, attachments } = letter
  const changes = { template, recipients: recipients.length, attachments: attachments.length }
  audit.record(tx, actor, { action: 'mail.send', targetType: 'mail', targetId: id, changes }, facts)
}

export function createSending(parts: SendingParts): Sending {
  const { database, limits, write, templates, options } = parts

  async function accept(actor: UserActor, letter: Letter, facts: RequestFacts): Promise<Written> {
    return database.inTenant(actor.tenantId, async (tx) => {
      const [refusal] = await limits.take(tx, [letter])
      if (refusal) throw refusal
      const written = await write(tx, letter)
      recordSent(parts, tx, { actor, facts }, { id: written.id, letter })
      return written
    })
  }

  /** Until the first try has ended, or the caller was let wait long enough. */
  async function heardOf(actor: UserActor, { id, state }: Written): Promise<void> {
    const db = database.tenant(actor.tenantId)
    const deadline = performance.now() + options.waitMs
    let isHeardOf = state === 'outbox'
    for (let pause = 20; !isHeardOf && performance.now() < deadline; pause = Math.min(pause * 1.5, 400)) {
      await sleep(pause)
      isHeardOf = (await delivery.progressOf(db, id))?.isHeardOf ?? true
    }
  }

  async function sendAndWait(actor: UserActor, letter: Letter, facts: RequestFacts): Promise<Accepted> {
    const written = await accept(actor, letter, facts)
    await heardOf(actor, written)
    return acceptedOf(database.tenant(actor.tenantId), written.id)
  }

  async function templateLetter(actor: UserActor, mail: TemplateMail): Promise<Letter> {
    const { subject, locale, templateBody: values } = mail
    const template = mail.templateName.replace(/\.html$/, '')
    const whom = addressed(mail)
    // Else whoever may send mail could send one that looks as ours does, with a link of their own.
    if (templates.isSecret(template)) throw mailErrors('mail.template_reserved')
    const db = database.tenant(actor.tenantId)
    const whole = await templates.render(db, { template, locale, values }).catch(namingBody)
    return {
      ...whole,
      ...whom,
      template,
      subject: subject ?? whole.subject,
      sentBy: actor.userId,
      expiresInSeconds: null,
      attachments: [],
    }
  }

  return {
    sendNow: (actor, mail, facts) => sendAndWait(actor, ownLetter(mail, actor.userId), facts),
    sendTwoParts: (actor, mail, facts) => sendAndWait(actor, twoPartLetter(mail, actor.userId), facts),
    sendTemplate: async (actor, mail, facts) => sendAndWait(actor, await templateLetter(actor, mail), facts),

    async sendLater(actor, mail, facts) {
      const letter = ownLetter(mail, actor.userId)
      const { id, state } = await accept(actor, letter, facts)
      const recipients = letter.recipients.map(({ kind, address }) => ({ kind, address, state: WAITING, answer: null }))
      return { id, state, recipients, error: null }
    },

    async sendFiles(actor, mail, files, facts) {
      const lists = {
        recipients: listed('recipients', mail.recipients),
        cc: listed('cc', mail.cc),
        bcc: listed('bcc', mail.bcc),
      }
      const letter = ownLetter(
        { ...mail, ...lists },
        actor.userId,
        files.map(({ id }) => id),
      )
      return sendAndWait(actor, letter, facts)
    },
  }
}

const WAITING = 'waiting' as const

/** What a template cannot be told stands in this body under another name. */
function namingBody(error: unknown): never {
  if (error instanceof Problem && error.code === 'mail.template_invalid')
    throw invalidField('templateBody', 'template_values', error.message)
  throw error
}
