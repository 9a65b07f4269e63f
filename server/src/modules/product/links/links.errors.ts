// What can go wrong with links. One that has ended, for whatever reason, is one that never was.
import { defineErrors } from '../../../core/errors.ts'

export const linkErrors = defineErrors({
  'links.not_found': { kind: 'not_found', message: 'There is no such link, or not any more.' },
  'links.password_required': { kind: 'forbidden', message: 'This link asks for a password. Unlock it first.' },
  'links.wrong_password': { kind: 'forbidden', message: 'This is not the password of the link.' },
  'links.locked': { kind: 'limited', message: 'Too many wrong passwords. Try again later.' },
  'links.not_allowed': { kind: 'forbidden', message: 'Links for everybody are not allowed here.' },
  'links.too_many': { kind: 'conflict', message: 'There are too many links to this already. Revoke some first.' },
  'links.share_not_found': { kind: 'not_found', message: 'It is not shared like that, or not any more.' },
})
