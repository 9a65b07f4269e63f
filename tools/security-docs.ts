// Writes docs/guide/security.md from the promises and the tests that carry their ids; with --check, says whether it is current.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { root, runGenerator } from './generated.ts'
import { requirements } from './security-requirements.ts'

const PAGE = 'docs/guide/security.md'

/** The page; throws when a promise has neither a test nor a reason, or both. */
export function securityPage(titles: ReadonlyMap<string, string[]>): string {
  const lines = [
    '# Security: what is promised, and which test shows it',
    '',
    '<!-- Written by `node tools/security-docs.ts` from tools/security-requirements.ts and the titles of the tests: do not edit. -->',
    '',
    'Each test below carries the id in its title: `npm test -- --test-name-pattern=TEN-5` runs those of one promise. How to report a weakness:',
    '[SECURITY.md](../../SECURITY.md). What the settings are: [the configuration page](../reference/configuration.md).',
    '',
    '| id | promise | shown by |',
    '|---|---|---|',
  ]
  for (const { id, promise, untested } of requirements) {
    const files = titles.get(id) ?? []
    if (files.length > 0 === (untested !== undefined))
      throw new Error(`${id} needs a test that carries its id, or else a reason why there is none.`)
    lines.push(`| ${id} | ${promise} | ${untested ?? files.map(linkTo).join(', ')} |`)
  }
  return `${lines.join('\n')}\n`
}

/** By id: the test files with a title that carries it. */
function carriers(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const file of globSync('server/{src,test}/**/*.test.ts', { cwd: root }).sort()) {
    const text = readFileSync(resolve(root, file), 'utf8')
    const titles = [...text.matchAll(/^\s*(?:describe|it)\((['`"])(.*?)\1/gm)].map((match) => match[2]!)
    const ids = new Set(titles.flatMap((title) => title.match(/\b[A-Z]{2,4}-\d+\b/g) ?? []))
    for (const id of ids) found.set(id, [...(found.get(id) ?? []), file])
  }
  return found
}

function linkTo(file: string): string {
  return `[${file.split('/').at(-1)!.replace('.test.ts', '')}](../../${file})`
}

if (import.meta.main) runGenerator({ [PAGE]: securityPage(carriers()) })
