// Places that bear an id and are not proven, each with its reason. Whoever adds one answers for it.
import type { Operation, Place } from './document.ts'

interface Exception {
  operation: RegExp
  key: string
  reason: string
}

const EXCEPTIONS: Exception[] = [
  {
    operation: /^ai\.events\b/,
    key: 'last-event-id',
    reason: 'the number of a piece of the answer that the path names, from 1 in each answer',
  },
  {
    operation: /\.login\b/,
    key: 'clientId',
    reason: 'the name of an OAuth 2.0 client, which is accepted and not looked at',
  },
  {
    operation: /^(tenants|organizations)\.addMember\b/,
    key: 'userId',
    reason: 'an account belongs to no tenant: whoever manages members may add any account by its id',
  },
  {
    operation: /^storage\.put\b/,
    key: 'accessKeyId',
    reason: 'the name of a key at a storage service, which is not ours',
  },
  {
    operation: /^users\.avatar\b/,
    key: 'id',
    reason: 'pictures are public, and found by an address that cannot be guessed',
  },
]

/** Why the place is left out; undefined when it is not. */
export function exceptionOf({ operation, keys }: Place): string | undefined {
  return EXCEPTIONS.find((exception) => exception.operation.test(operation.id) && exception.key === keys[0])?.reason
}

/** Operations on many that leave out, and do not count, ids which name nothing: what they answer is a success. */
const SKIPPING = /^((users|documents|files|calendar)\.batchDelete|notifications\.markMany)\b/

export function skipsIds({ id }: Operation): boolean {
  return SKIPPING.test(id)
}
