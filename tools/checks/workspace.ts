// What the checks look at: the repository's files, their text, and the syntax of the TypeScript ones.
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, resolve } from 'node:path'
import { type Comment, type Node, parse } from 'acorn'

export interface Finding {
  path: string
  line?: number
  message: string
  /** What in the file is meant, such as a function's name: an exception names it too. */
  subject?: string
  /** How much there is of what should be less. */
  value?: number
  /** Worth a look, and no reason to fail. */
  warning?: boolean
}

export interface Check {
  name: string
  /** What to do when it fails. */
  remedy: string
  run(workspace: Workspace): Finding[] | Promise<Finding[]>
}

export interface Import {
  from: string
  line: number
  /** Nothing of it is left at run time. */
  typeOnly: boolean
}

export interface Source {
  path: string
  text: string
  ast: Node
  comments: Comment[]
  imports: Import[]
}

export interface Workspace {
  /** Every file, by path from the root, sorted; folders of tools and data left out. */
  paths: string[]
  exists(path: string): boolean
  read(path: string): string
  /** The parsed TypeScript files below a folder. */
  sources(folder: string): Source[]
}

const LEFT_OUT = new Set(['node_modules', '.git', 'data', 'dist', 'tmp'])

/** The files on disk below a folder. */
export function workspaceAt(root: string): Workspace {
  const paths: string[] = []
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${entry.name}` : entry.name
      if (LEFT_OUT.has(entry.name)) continue
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) paths.push(path)
    }
  }
  visit('')
  return workspaceOf(paths.sort(), (path) => readFileSync(resolve(root, path), 'utf8'))
}

/** Files that exist in memory only: what tests plant faults in. */
export function plantedWorkspace(files: Record<string, string>): Workspace {
  return workspaceOf(Object.keys(files).sort(), (path) => files[path] ?? '')
}

function workspaceOf(paths: string[], readText: (path: string) => string): Workspace {
  const known = new Set(paths.flatMap((path) => [path, ...foldersOf(path)]))
  const texts = new Map<string, string>()
  const parsed = new Map<string, Source>()
  const read = (path: string): string => {
    const text = texts.get(path) ?? readText(path)
    texts.set(path, text)
    return text
  }
  const source = (path: string): Source => {
    const found = parsed.get(path) ?? parseSource(path, read(path))
    parsed.set(path, found)
    return found
  }
  return {
    paths,
    exists: (path) => known.has(path.replace(/\/$/, '')),
    read,
    sources: (folder) =>
      paths.filter((path) => path.startsWith(`${folder}/`) && /(?<!\.d)\.ts$/.test(path)).map(source),
  }
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Parses TypeScript: the types are blanked, so that every line keeps its number. */
function parseSource(path: string, text: string): Source {
  const comments: Comment[] = []
  let ast: Node
  try {
    ast = parse(stripTypeScriptTypes(keepTypeImports(text)), {
      ecmaVersion: 'latest',
      sourceType: 'module',
      locations: true,
      allowHashBang: true,
      onComment: comments,
    })
  } catch (error) {
    throw new Error(`${path} cannot be parsed: ${(error as Error).message}`)
  }
  return { path, text, ast, comments, imports: importsOf(ast, text) }
}

/** Blanking types would take whole imports away, and an import of a type is an arrow between files like any other. */
function keepTypeImports(text: string): string {
  return text
    .replace(/^import type (?=[\w{*])(?!from\b)/gm, 'import      ')
    .replace(/^export type (?=(?:\{[^}]*\}|\*[^'"\n]*) from )/gm, 'export      ')
}

function importsOf(ast: Node, text: string): Import[] {
  const lines = text.split('\n')
  const found: Import[] = []
  walk(ast, (node) => {
    const { source } = node as Node & { source?: { value?: unknown } | null }
    if (!/^(?:Import|Export\w+)Declaration$|^ImportExpression$/.test(node.type) || typeof source?.value !== 'string')
      return
    const line = lineOf(node)
    found.push({ from: source.value, line, typeOnly: /^(?:import|export) type /.test(lines[line - 1] ?? '') })
  })
  return found
}

/** Visits a node and all below it in the order of the text; `ancestors` has the nearest last. */
export function walk(node: Node, visit: (node: Node, ancestors: Node[]) => void, ancestors: Node[] = []): void {
  visit(node, ancestors)
  const inner = [...ancestors, node]
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === 'object' && typeof child.type === 'string') walk(child, visit, inner)
    }
  }
}

export function lineOf(node: Node | Comment): number {
  return node.loc?.start.line ?? 0
}

/** Tests, and what they share. */
export function isTest(path: string): boolean {
  return /\.(?:test|fixture)\.ts$/.test(path) || path.startsWith('server/test/')
}
