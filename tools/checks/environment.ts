// One file reads the environment, and nobody else.
import type { Node } from 'acorn'
import { type Check, type Finding, isTest, lineOf, walk } from './workspace.ts'

export const environment: Check = {
  name: 'environment',
  remedy: 'Add the setting to the table below server/src/config/ and take its value as an argument.',
  run(workspace) {
    const sources = workspace
      .sources('server/src')
      .filter(({ path }) => path !== 'server/src/config.ts' && !isTest(path))
    return sources.flatMap(({ path, ast, imports }) => {
      const findings: Finding[] = imports
        .filter(({ from }) => /^(?:node:)?process$/.test(from))
        .map(({ line }) => ({
          path,
          line,
          message: 'imports node:process: the global process does, and its env is for config.ts only',
        }))
      walk(ast, (node, ancestors) => {
        if (readsEnv(node) && !isPath(ancestors.at(-1)))
          findings.push({ path, line: lineOf(node), message: 'reads process.env: only config.ts may' })
      })
      return findings
    })
  },
}

/** `process.env`, `process['env']`, or the process taken apart. */
function readsEnv(node: Node): boolean {
  if (node.type === 'MemberExpression') {
    const { object, property } = node as Node & { object: Name; property: Name & { value?: unknown } }
    return object.name === 'process' && (property.name === 'env' || property.value === 'env')
  }
  const { id, init } = node as Node & { id?: Node; init?: Name | null }
  return node.type === 'VariableDeclarator' && id?.type === 'ObjectPattern' && init?.name === 'process'
}

/** PATH is no setting: whoever starts other programs looks there. */
function isPath(parent: Node | undefined): boolean {
  return parent?.type === 'MemberExpression' && (parent as Node & { property: Name }).property.name === 'PATH'
}

interface Name {
  name?: string
}
