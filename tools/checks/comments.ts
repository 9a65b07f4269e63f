// Each file says in its first line what it is for, and what is suppressed says why.
import { type Check, type Finding, lineOf, type Source } from './workspace.ts'

const FOLDERS = ['server/src', 'server/test', 'tools', 'bench', 'sdk']
const REASON = 10

export const comments: Check = {
  name: 'comments',
  remedy: 'Open the file with one sentence in a // comment; end a suppression with the reason in words.',
  run(workspace) {
    return FOLDERS.flatMap((folder) => workspace.sources(folder)).flatMap((source) => [
      ...openingFault(source),
      ...suppressionFaults(source),
    ])
  },
}

function openingFault({ path, text }: Source): Finding[] {
  const first = text.split('\n').find((line) => !line.startsWith('#!')) ?? ''
  return /^\/\/ \S.{8,}/.test(first)
    ? []
    : [{ path, line: 1, message: 'does not open with a comment that says what the file is for' }]
}

function suppressionFaults({ path, comments: all }: Source): Finding[] {
  return all.flatMap((comment) => {
    const message = suppressionFault(comment.value.trim())
    return message ? [{ path, line: lineOf(comment), message }] : []
  })
}

function suppressionFault(text: string): string | undefined {
  if (/^@ts-(?:ignore|nocheck)\b/.test(text))
    return 'suppresses the type check blindly: use @ts-expect-error with a reason'
  const reason = /^(?:biome-ignore(?:-\w+)? [^:]+:|@ts-expect-error:?)(.*)$/s.exec(text)?.[1]?.trim()
  if (reason === undefined) return text.startsWith('biome-ignore') ? 'suppresses a rule without a reason' : undefined
  return reason.length < REASON || reason.startsWith('<') ? 'suppresses a rule without a reason' : undefined
}
