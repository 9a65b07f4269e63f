// Roles as a graph: what a role grants through its parents, and by which way.
import { grantFor, type Permission } from '../../../core/permission.ts'

export interface RoleNode {
  id: string
  name: string
  permissions: readonly Permission[]
  parentIds: readonly string[]
}

export type RoleGraph = ReadonlyMap<string, RoleNode>

export interface Grant {
  /** What the role holds that covers the asked permission: itself or a wildcard. */
  permission: Permission
  /** From the role that is held, parent by parent, to the one that grants. */
  path: { id: string; name: string }[]
}

/** Everything that the roles grant together. */
export function effectiveOf(graph: RoleGraph, roleIds: Iterable<string>): Set<Permission> {
  const effective = new Set<Permission>()
  for (const { node } of nearestFirst(graph, roleIds)) for (const one of node.permissions) effective.add(one)
  return effective
}

/** The nearest grant of the asked permission, an exact one before a wildcard of the same role; undefined when there is none. */
export function findGrant(graph: RoleGraph, roleIds: Iterable<string>, asked: Permission): Grant | undefined {
  for (const step of nearestFirst(graph, roleIds)) {
    const { permissions } = step.node
    const permission = permissions.includes(asked) ? asked : grantFor(permissions, asked)
    if (permission !== undefined) return { permission, path: pathTo(step) }
  }
  return undefined
}

interface Step {
  node: RoleNode
  from: Step | undefined
}

function* nearestFirst(graph: RoleGraph, roleIds: Iterable<string>): Generator<Step> {
  const seen = new Set<string>()
  const steps: Step[] = []
  const visit = (id: string, from: Step | undefined) => {
    const node = graph.get(id)
    if (!node || seen.has(id)) return
    seen.add(id)
    steps.push({ node, from })
  }
  for (const id of roleIds) visit(id, undefined)
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!
    yield step
    for (const parentId of step.node.parentIds) visit(parentId, step)
  }
}

function pathTo(last: Step): { id: string; name: string }[] {
  const path: { id: string; name: string }[] = []
  for (let step: Step | undefined = last; step; step = step.from)
    path.unshift({ id: step.node.id, name: step.node.name })
  return path
}
