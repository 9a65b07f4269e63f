// From what somebody asks to be sent to a letter: addresses, subject and content looked at, and refused by field.
import { type FieldFault, requestErrors } from '../../../../core/errors.ts'
import { breaksLines, isAddress } from '../../../../drivers/mailer/index.ts'
import type { NewRecipient } from '../mail.queries.ts'
import { MAX_RECIPIENTS, type SingleMail, type TwoPartMail } from '../mail.sending.schema.ts'
import { plainTextOf } from '../plain-text.ts'
import type { Content, Letter } from './parts.ts'

/** What every shape of a mail has. */
export type Envelope = Pick<SingleMail, 'recipients' | 'cc' | 'bcc' | 'replyTo'> & { subject?: string }

export type Addressed = Pick<Letter, 'recipients' | 'replyTo'>

/** Who gets it. Throws `request.invalid` with every field at fault, and with those found before. */
export function addressed({ recipients, cc = [], bcc = [], replyTo, subject }: Envelope): Addressed {
  const lists = { recipients, cc, bcc }
  const faults = Object.entries(lists).flatMap(([field, addresses]) => addressFaults(field, addresses))
  if (replyTo !== undefined && !isAddress(replyTo)) faults.push(notAddress('replyTo'))
  if (subject !== undefined && breaksLines(subject))
    faults.push(fault('subject', 'control_characters', 'A subject is one line, without control characters.'))
  const kinds = { to: recipients, cc, bcc }
  const everybody = distinct(
    Object.entries(kinds).flatMap(([kind, addresses]) =>
      addresses.map((address) => ({ kind: kind as NewRecipient['kind'], address, name: '' })),
    ),
  )
  if (everybody.length > MAX_RECIPIENTS)
    faults.push(
      fault('recipients', 'too_many', `A mail goes to at most ${MAX_RECIPIENTS} addresses, cc and bcc included.`),
    )
  if (faults.length) throw requestErrors('request.invalid', { fields: faults.slice(0, MAX_RECIPIENTS) })
  return { recipients: everybody, replyTo: replyTo ?? null }
}

function addressFaults(field: string, addresses: readonly string[]): FieldFault[] {
  return addresses.flatMap((address, at) => (isAddress(address) ? [] : [notAddress(`${field}.${at}`)]))
}

const notAddress = (path: string) => fault(path, 'format', 'This is not one e-mail address.')

function fault(path: string, code: string, message: string): FieldFault {
  return { in: 'body', path, code, message }
}

/** Each address once, in whatever case it is written, where it stands first. */
function distinct(recipients: NewRecipient[]): NewRecipient[] {
  const seen = new Set<string>()
  return recipients.filter(({ address }) => {
    const isNew = !seen.has(address.toLowerCase())
    seen.add(address.toLowerCase())
    return isNew
  })
}

const TAGS =
  /<(?:!doctype|html|body|head|p|div|span|br|hr|table|h[1-6]|b|i|u|strong|em|a|ul|ol|li|img|pre|code|blockquote|font|center)\b[^<>]*>/i

/** A body as it was given, beside it the text of HTML. */
export function contentOf({ body, format }: Pick<SingleMail, 'body' | 'format'>): Content {
  const isHtml = format === undefined ? TAGS.test(body) : format === 'html'
  return isHtml ? { html: body, text: plainTextOf(body) } : { html: null, text: body }
}

/** A letter in somebody's own words. */
export function ownLetter(mail: SingleMail, sentBy: string, attachments: readonly string[] = []): Letter {
  return { ...OWN, ...addressed(mail), ...contentOf(mail), subject: mail.subject, sentBy, attachments }
}

export function twoPartLetter(mail: TwoPartMail, sentBy: string): Letter {
  const { htmlBody: html, textBody: text, subject } = mail
  return { ...OWN, ...addressed(mail), html, text, subject, sentBy, attachments: [] }
}

// Nobody says in which language it is written.
const OWN = { template: null, locale: 'und', expiresInSeconds: null }

/** A list as forms have it: several fields, or one with commas. */
export function listed(field: string, value: string | string[] | undefined): string[] {
  const addresses = [value ?? []]
    .flat()
    .flatMap((one) => one.split(','))
    .map((one) => one.trim())
  const present = addresses.filter(Boolean)
  if (field === 'recipients' && present.length === 0)
    throw requestErrors('request.invalid', {
      fields: [fault(field, 'missing', 'A mail needs at least one recipient.')],
    })
  return present
}
