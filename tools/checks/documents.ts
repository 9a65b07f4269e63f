// What the documents name must exist: paths of the repository, links between pages, npm scripts.
import { posix } from 'node:path'
import type { Check, Finding, Workspace } from './workspace.ts'

const ROOTS = /^(?:server|sdk|console|bench|deploy|docs|tools|\.ci)\/[\w@./-]*$/
const DOCUMENTS = /^(?:docs\/.*|[^/]+|(?:server|sdk|console|bench|tools)\/[^/]*)\.md$/

export const documents: Check = {
  name: 'documents',
  remedy: 'Correct the path in the document, or bring the file back.',
  run(workspace) {
    return workspace.paths.filter((path) => DOCUMENTS.test(path)).flatMap((path) => faultsOf(path, workspace))
  },
}

function faultsOf(path: string, workspace: Workspace): Finding[] {
  const lines = workspace.read(path).split('\n')
  return lines.flatMap((text, index) => {
    const missing = [...missingPaths(text, workspace), ...missingLinks(path, text, workspace)].map(
      (name) => `names ${name}, which does not exist`,
    )
    const scripts = missingScripts(text, workspace).map(
      (name) => `names npm run ${name}, which package.json does not have`,
    )
    return [...new Set([...missing, ...scripts])].map((message) => ({ path, line: index + 1, message }))
  })
}

/** Words that begin like a path of ours; a pattern or a placeholder is none. */
function missingPaths(text: string, workspace: Workspace): string[] {
  const words = text.replaceAll(/https?:\/\/\S+/g, '').split(/[\s`'"()[\],;|]+/)
  const paths = words.map((word) => word.replace(/^\.\//, '').replace(/[.:]+$/, '')).filter((word) => ROOTS.test(word))
  return paths.filter((path) => !workspace.exists(path))
}

function missingLinks(document: string, text: string, workspace: Workspace): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => (match[1] ?? '').replace(/#.*$/, ''))
  const local = links.filter((link) => link && !/^[a-z]+:/i.test(link))
  return local.filter((link) => {
    const target = posix.join(posix.dirname(document), link)
    // A link that leaves the repository leads to its host, such as to the form for advisories.
    return !target.startsWith('../') && !workspace.exists(target)
  })
}

function missingScripts(text: string, workspace: Workspace): string[] {
  const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '')
  if (named.length === 0) return []
  const { scripts } = JSON.parse(workspace.read('package.json')) as { scripts: Record<string, string> }
  return named.filter((name) => !(name in scripts))
}
