// What can go wrong with the templates of mails.
import { defineErrors, type Problem } from '../../../core/errors.ts'
import { TemplateFault } from './templating/faults.ts'

export const templateErrors = defineErrors({
  'mail.template_not_found': { kind: 'not_found', message: 'There is no such mail template.' },
  'mail.template_invalid': { kind: 'invalid', message: 'The template cannot be used as it is.' },
  'mail.template_changed_meanwhile': {
    kind: 'stale',
    message: 'The template was changed since you read it. Read it again.',
  },
  'mail.template_limit': {
    kind: 'conflict',
    message: 'A tenant has at most 100 templates of its own, and 20 languages of each.',
  },
})

/** Runs work on a template; what is wrong with the template becomes a refusal that says where. */
export async function namingFaults<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TemplateFault) throw refusalOf(error)
    throw error
  }
}

function refusalOf({ part, message, line }: TemplateFault): Problem {
  const problem = templateErrors('mail.template_invalid', {
    message,
    fields: [{ in: 'body', path: part, code: 'template_invalid', message }],
    ...(line !== undefined && { facts: { line } }),
  })
  return problem
}
