// Who may import whom: core ← drivers ← foundation ← identity ← product ← views ← app ← main.ts and cli.
import { posix } from 'node:path'
import type { Node } from 'acorn'
import { type Check, type Finding, isTest, type Source, type Workspace, walk } from './workspace.ts'

const SRC = 'server/src/'
const APP = `${SRC}app.ts`
const TIERS = ['foundation', 'identity', 'product', 'views']
// Where modules are registered: a file for each tier, in their order.
const ROOTS = [...TIERS.map((tier) => `${SRC}app/${tier}.ts`), APP]

type Place =
  | { layer: 'core' | 'config' | 'drivers' | 'app' | 'main' }
  | { layer: 'module'; tier: string; module: string }

export const boundaries: Check = {
  name: 'boundaries',
  remedy:
    'Move the code to the layer that may have it, import index.ts of an earlier module, or publish an event that the later module subscribes to.',
  run(workspace) {
    const sources = workspace.sources('server/src').filter(({ path }) => !isTest(path))
    const roots = ROOTS.flatMap((root) => sources.filter(({ path }) => path === root))
    const order = roots.length ? registrationOrder(roots) : undefined
    return [
      ...sources.flatMap((source) => faultsOf(source, workspace, order)),
      ...(order ? faultsOfOrder(sources, order) : []),
      ...circles(sources),
    ]
  },
}

function faultsOf(source: Source, workspace: Workspace, order: string[] | undefined): Finding[] {
  const { path } = source
  const place = placeOf(path)
  if (!place)
    return [{ path, message: 'stands in no layer: core, config, drivers, modules/<tier>/<name>, cli, app or main.ts' }]
  const findings: Finding[] = []
  for (const { from, line, typeOnly } of source.imports) {
    if (!from.startsWith('.')) continue
    const target = posix.join(posix.dirname(path), from)
    if (!workspace.exists(target)) findings.push({ path, line, message: `imports ${from}, which does not exist` })
    const message = refusal(place, target, typeOnly, order)
    if (message) findings.push({ path, line, message })
  }
  return findings
}

/** Why a file at `place` may not import `target`, or undefined when it may. */
function refusal(place: Place, target: string, typeOnly: boolean, order: string[] | undefined): string | undefined {
  if (isTest(target)) return `imports ${target}, which is a test`
  if (target === 'server/package.json') return undefined
  const to = placeOf(target)
  if (!to) return `imports ${target}, which is no part of the server`
  if (place.layer === 'main') return undefined
  if (to.layer === 'config') {
    if (place.layer === 'config' || place.layer === 'app' || (typeOnly && place.layer !== 'core')) return undefined
    return 'imports the configuration: take the values needed as an argument'
  }
  if (rank(to) > rank(place)) return `is ${nameOf(place)} and imports ${nameOf(to)}: the arrow goes the other way`
  if (place.layer !== 'module' || to.layer !== 'module' || place.module === to.module) {
    if (place.layer === 'app' && to.layer === 'module' && !target.endsWith('/index.ts'))
      return `imports ${target}: only index.ts of a module may be imported`
    return undefined
  }
  if (target !== `${SRC}modules/${to.module}/index.ts`)
    return `imports ${target}: only index.ts of another module may be imported`
  if (order?.includes(to.module) && order.indexOf(to.module) > order.indexOf(place.module)) {
    return `imports the module ${to.module}, which app registers later`
  }
  return undefined
}

function placeOf(path: string): Place | undefined {
  if (!path.startsWith(SRC)) return undefined
  const [first = '', second = '', third = '', ...rest] = path.slice(SRC.length).split('/')
  if (first === 'core' || first === 'drivers') return { layer: first }
  if (first === 'config' || first === 'config.ts') return { layer: 'config' }
  if (first === 'app.ts' || first === 'app') return { layer: 'app' }
  if (first === 'main.ts' || first === 'cli') return { layer: 'main' }
  if (first === 'modules' && TIERS.includes(second) && rest.length > 0)
    return { layer: 'module', tier: second, module: `${second}/${third}` }
  return undefined
}

function rank(place: Place): number {
  if (place.layer === 'module') return 2 + TIERS.indexOf(place.tier)
  return { core: 0, config: 0, drivers: 1, app: 6, main: 7 }[place.layer]
}

function nameOf(place: Place): string {
  if (place.layer === 'module') return `the module ${place.module}`
  return place.layer === 'main' ? 'main.ts or cli' : place.layer
}

/** The modules in the order in which the files of app call what they import from them. */
function registrationOrder(roots: Source[]): string[] {
  return [...new Set(roots.flatMap(registeredIn))]
}

function registeredIn(app: Source): string[] {
  const moduleOf = new Map<string, string>()
  const order: string[] = []
  walk(app.ast, (node) => {
    const declared = node as Node & { source?: { value: string }; specifiers?: { local: { name: string } }[] }
    const module = /^\.{1,2}\/modules\/([^/]+\/[^/]+)\//.exec(declared.source?.value ?? '')?.[1]
    if (node.type === 'ImportDeclaration' && module) {
      for (const { local } of declared.specifiers ?? []) moduleOf.set(local.name, module)
    }
    const { callee } = node as Node & { callee?: { type: string; name?: string } }
    const called =
      node.type === 'CallExpression' && callee?.type === 'Identifier' ? moduleOf.get(callee.name ?? '') : undefined
    if (called) order.push(called)
  })
  return order
}

function faultsOfOrder(sources: Source[], order: string[]): Finding[] {
  const findings: Finding[] = []
  for (const [index, module] of order.entries()) {
    const before = order[index - 1]
    if (before && tierOf(before) > tierOf(module)) {
      findings.push({
        path: APP,
        message: `registers ${module} after ${before}: the tiers come in the order ${TIERS.join(', ')}`,
      })
    }
  }
  for (const { path } of sources) {
    const place = placeOf(path)
    if (place?.layer === 'module' && path.endsWith(`${place.module}/index.ts`) && !order.includes(place.module)) {
      findings.push({ path, message: 'is a module that app does not register' })
    }
  }
  return findings
}

function tierOf(module: string): number {
  return TIERS.indexOf(module.split('/')[0] ?? '')
}

/** Circles of files that import each other, each told once. An import of types only closes no circle at run time. */
function circles(sources: Source[]): Finding[] {
  const targets = new Map(sources.map((source) => [source.path, runtimeTargets(source)]))
  const findings: Finding[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      const names = [...trail.slice(start), path].map((one) => one.replace(SRC, ''))
      findings.push({ path, message: `is part of a circle: ${names.join(' → ')}` })
      return
    }
    if (done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return findings
}

function runtimeTargets({ path, imports }: Source): string[] {
  return imports
    .filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
    .map(({ from }) => posix.join(posix.dirname(path), from))
}
