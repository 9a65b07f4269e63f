// What can go wrong with mail.
import { defineErrors } from '../../../core/errors.ts'

export const mailErrors = defineErrors({
  'mail.recipient_invalid': { kind: 'invalid', message: 'A mail goes to exactly one e-mail address.' },
  'mail.template_reserved': {
    kind: 'forbidden',
    message: 'This mail brings a link that only the server makes. Use a template of your own.',
  },
  'mail.not_found': { kind: 'not_found', message: 'There is no such mail.' },
  'mail.recipient_limit': {
    kind: 'limited',
    message: 'This address was sent as many mails as it may be sent in an hour.',
  },
  'mail.tenant_limit': { kind: 'limited', message: 'This tenant has sent as many mails as it may in a day.' },
  'mail.already_sent': { kind: 'conflict', message: 'This mail was sent: there is nothing to try again.' },
  'mail.in_outbox': { kind: 'conflict', message: 'This mail is kept to be read here and was never to be sent.' },
  'mail.no_server': { kind: 'conflict', message: 'This installation sends no mail: it has no mail server.' },
  'mail.expired': { kind: 'conflict', message: 'What this mail brings has expired. Ask for a new one.' },
  'mail.secret_gone': {
    kind: 'conflict',
    message: 'This mail was given up, and the secret that it brought is forgotten. Ask for a new one.',
  },
  'mail.content_gone': { kind: 'conflict', message: 'The content of this mail is not kept any more.' },
  'mail.on_its_way': { kind: 'conflict', message: 'This mail is on its way by another job.' },
})
