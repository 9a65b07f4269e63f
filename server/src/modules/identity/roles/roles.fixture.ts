// What the tests of roles need again and again: people with given permissions, a second tenant, the trail.
import { type Answer, type Person, type TestApp, unique } from '../../../../test/harness.ts'

export interface Cast {
  admin: Person
  /** Makes a role as the administrator; throws when it does not work. */
  role(json: object): Promise<{ id: string; name: string }>
  /** Somebody who holds just these roles. */
  holder(...roleIds: string[]): Promise<Person>
  /** Somebody who holds a new role with these permissions. */
  holding(...permissions: string[]): Promise<Person & { roleId: string }>
  /** Entries of the trail about a target, oldest first. */
  trail(targetId: string): Promise<{ action: string; changes: Record<string, unknown> | null }[]>
  trailLength(): Promise<number>
  /** What the role grants by itself, as the database has it. */
  granted(roleId: string): Promise<string[]>
  permissionId(action: string): Promise<string>
}

export async function castOf(ashlar: TestApp): Promise<Cast> {
  const admin = await ashlar.admin()
  const expect = (answer: Answer, status: number): Answer => {
    if (answer.status !== status) throw new Error(`answered ${answer.status}: ${answer.text}`)
    return answer
  }
  const role = async (json: object) =>
    expect(
      await ashlar.call('POST', '/api/v1/roles', { token: admin.token, json: { name: unique('role'), ...json } }),
      201,
    ).body
  const holder = async (...roleIds: string[]) => {
    const person = await ashlar.person()
    expect(await ashlar.call('PATCH', `/api/v1/users/${person.id}`, { token: admin.token, json: { roleIds } }), 200)
    return person
  }
  return {
    admin,
    role,
    holder,
    async holding(...permissions) {
      const { id } = await role({ permissions })
      return { ...(await holder(id)), roleId: id }
    },
    trail: (targetId) =>
      ashlar.rows('SELECT action, changes FROM audit_logs WHERE "targetId" = $1 ORDER BY at, seq', [targetId]),
    trailLength: async () => (await ashlar.rows<{ n: number }>('SELECT count(*)::int AS n FROM audit_logs'))[0]!.n,
    granted: async (roleId) =>
      (
        await ashlar.rows<{ action: string }>(
          'SELECT action FROM role_permissions rp JOIN permissions p ON p.id = rp."permissionId" WHERE "roleId" = $1 ORDER BY 1',
          [roleId],
        )
      ).map((row) => row.action),
    permissionId: async (action) =>
      (
        await ashlar.rows<{ id: string }>(`SELECT id FROM permissions WHERE action = $1 AND "tenantId" = 'default'`, [
          action,
        ])
      )[0]!.id,
  }
}

export interface ForeignTenant {
  roleId: string
  permissionId: string
  userId: string
}

/** A second tenant with a role, a permission and a member that nobody of the first may notice. */
export async function foreignTenant(ashlar: TestApp): Promise<ForeignTenant> {
  const [tenantId, roleId, permissionId] = [unique('t'), unique('r'), unique('p')]
  const stranger = await ashlar.person('Foreign Person')
  await ashlar.rows('INSERT INTO tenants (id, name, slug) VALUES ($1, $1, $1)', [tenantId])
  await ashlar.rows(
    `INSERT INTO roles (id, name, label, "updatedAt", "tenantId") VALUES ($1, 'boss', 'Boss', now(), $2)`,
    [roleId, tenantId],
  )
  await ashlar.rows(
    `INSERT INTO permissions (id, action, resource, "updatedAt", "tenantId") VALUES ($1, 'gold:mine', 'gold', now(), $2)`,
    [permissionId, tenantId],
  )
  await ashlar.rows('INSERT INTO role_permissions ("roleId", "permissionId", "tenantId") VALUES ($1, $2, $3)', [
    roleId,
    permissionId,
    tenantId,
  ])
  await ashlar.rows('DELETE FROM memberships WHERE "userId" = $1', [stranger.id])
  await ashlar.rows('DELETE FROM user_roles WHERE "userId" = $1', [stranger.id])
  await ashlar.rows('INSERT INTO memberships ("tenantId", "userId") VALUES ($1, $2)', [tenantId, stranger.id])
  await ashlar.rows('INSERT INTO user_roles ("userId", "roleId", "tenantId") VALUES ($1, $2, $3)', [
    stranger.id,
    roleId,
    tenantId,
  ])
  return { roleId, permissionId, userId: stranger.id }
}
