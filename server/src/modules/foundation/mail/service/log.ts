// The log of mails: what was sent, to whom, and what became of it.
import type { UserActor } from '../../../../core/actor.ts'
import { type Page, pageAt } from '../../../../core/page.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { mailErrors } from '../mail.errors.ts'
import * as queries from '../mail.queries.ts'
import {
  type MailDetails,
  type MailQuery,
  type MailSummary,
  type PreviewQuery,
  toMailDetails,
  toMailSummary,
  toRecipient,
} from '../mail.schema.ts'
import type { Accepted } from '../mail.sending.schema.ts'
import type { MailParts } from './parts.ts'

export interface MailLog {
  list(actor: UserActor, query: MailQuery): Promise<Page<MailSummary>>
  get(actor: UserActor, id: string): Promise<MailDetails>
  /** The content as a document to look at. What a caller wrote stands in it as it is: show it only where it can do nothing. */
  preview(actor: UserActor, id: string, format: PreviewQuery['format']): Promise<{ type: string; content: string }>
}

export function createLog({ database }: Pick<MailParts, 'database'>): MailLog {
  return {
    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      const page = pageAt(query, (query.sortBy ?? 'createdAt') === 'createdAt' ? 'time' : undefined)
      const [rows, total] = await Promise.all([queries.list(db, query, page.place), queries.count(db, query)])
      return page.answer(rows, total, toMailSummary)
    },

    async get(actor, id) {
      const db = database.tenant(actor.tenantId)
      const row = await queries.find(db, id)
      if (!row) throw mailErrors('mail.not_found')
      const [recipients, attempts, attachments] = await Promise.all([
        queries.recipientsOf(db, id),
        queries.attemptsOf(db, id),
        queries.attachmentsOf(db, id),
      ])
      return toMailDetails(row, { recipients, attempts, attachments })
    },

    async preview(actor, id, format) {
      const row = await queries.find(database.tenant(actor.tenantId), id)
      if (!row) throw mailErrors('mail.not_found')
      if (row.contentDeletedAt) throw mailErrors('mail.content_gone')
      if (format === 'text') return { type: 'text/plain; charset=utf-8', content: row.text ?? '' }
      return { type: 'text/html; charset=utf-8', content: row.html ?? asHtml(row.text ?? '') }
    },
  }
}

/** What became of a mail so far, for whoever had it sent: its state and its recipients, and nothing of its content. */
export async function acceptedOf(db: Executor, id: string): Promise<Accepted> {
  const [row, recipients] = await Promise.all([queries.find(db, id), queries.recipientsOf(db, id)])
  if (!row) throw mailErrors('mail.not_found')
  return { id: row.id, state: row.state, recipients: recipients.map(toRecipient), error: row.lastError }
}

function asHtml(text: string): string {
  const escaped = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return `<!doctype html><meta charset="utf-8"><pre style="white-space: pre-wrap; font: inherit">${escaped}</pre>`
}
