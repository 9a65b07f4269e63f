// What happens to links.
import Type from 'typebox'
import { type Deed, defineEvent } from '../../../core/events.ts'

const live = { asked: 'whoever may share the file' }
const schema = Type.Object({ linkId: Type.String({ examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'] }) })
const linkOf = ({ changes }: Deed) => ({ linkId: String(changes?.linkId) })

export const linkEvents = [
  defineEvent({
    name: 'files.link_created',
    aggregate: 'file',
    summary: 'A link was made by which anybody reads a file.',
    schema,
    live,
    follows: { 'files.link': linkOf },
  }),
  defineEvent({
    name: 'files.link_revoked',
    aggregate: 'file',
    summary: 'A link to a file was revoked.',
    schema,
    live,
    follows: { 'files.revoke_link': linkOf },
  }),
]
