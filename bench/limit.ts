// The limit: a bare node:http server with pg and the statements of the same answers, no rights, no tenants, no validation.
//
// It shows what the machine gives for this work. `/me`, `/users` and `/search` run the statements that HaloLight's back ends
// send (user with roles; count and page with roles); `/jwt` verifies a token and answers, with no database at all. `/insert` writes
// one row, `/transaction` two in one transaction.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createVerifier } from 'fast-jwt'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL ?? '', max: 10 })
const verify = createVerifier({ key: process.env.JWT_SECRET ?? '', algorithms: ['HS256'], cache: true })

const ME = {
  name: 'me',
  text: `SELECT u.id, u.email, u.username, u.name, u.avatar, u.phone, u.status, u."createdAt", u."updatedAt", json_agg(json_build_object('id', r.id, 'name', r.name, 'label', r.label,
    'permissions', (SELECT json_agg(p.action) FROM role_permissions rp JOIN permissions p ON p.id = rp."permissionId" WHERE rp."roleId" = r.id))) AS roles
    FROM users u LEFT JOIN user_roles ur ON ur."userId" = u.id LEFT JOIN roles r ON r.id = ur."roleId" WHERE u.username = $1 GROUP BY u.id`,
}
const COUNT = { name: 'count', text: 'SELECT count(*) FROM users' }
const COUNT_SEARCH = {
  name: 'count-search',
  text: 'SELECT count(*) FROM users WHERE name ILIKE $1 OR email ILIKE $1 OR username ILIKE $1',
}
const PAGE_COLUMNS = `u.id, u.email, u.username, u.name, u.avatar, u.phone, u.status, u.department, u.position, u.bio, u."lastLoginAt", u."createdAt", u."updatedAt",
  (SELECT json_agg(json_build_object('id', r.id, 'name', r.name, 'label', r.label)) FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."userId" = u.id) AS roles`
const PAGE = {
  name: 'page',
  text: `SELECT ${PAGE_COLUMNS} FROM users u ORDER BY u."createdAt" DESC LIMIT $1 OFFSET $2`,
}
const PAGE_SEARCH = {
  name: 'page-search',
  text: `SELECT ${PAGE_COLUMNS} FROM users u WHERE u.name ILIKE $1 OR u.email ILIKE $1 OR u.username ILIKE $1 ORDER BY u."createdAt" DESC LIMIT $2 OFFSET $3`,
}

const INSERT = { name: 'insert', text: 'INSERT INTO limits.writes (id, value) VALUES ($1, $2)' }
const UPDATE = { name: 'update', text: 'UPDATE limits.writes SET value = $2 WHERE id = $1' }
await pool.query('CREATE SCHEMA IF NOT EXISTS limits')
await pool.query('CREATE TABLE IF NOT EXISTS limits.writes (id text PRIMARY KEY, value text)')

const server = createServer((request, response) => {
  answer(new URL(request.url ?? '/', 'http://limit'), request.headers.authorization ?? '').then(
    (value) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(value))
    },
    (error) => {
      response.statusCode = 500
      response.end(String(error))
    },
  )
})

async function answer(url: URL, authorization: string): Promise<unknown> {
  if (url.pathname === '/jwt') return verify(authorization.slice(7))
  if (url.pathname === '/me') return (await pool.query({ ...ME, values: ['p1'] })).rows[0]
  if (url.pathname === '/insert') return (await pool.query({ ...INSERT, values: [randomUUID(), 'x'] })).rowCount
  if (url.pathname === '/transaction') return transaction()
  const search = url.searchParams.get('search')
  const limit = Number(url.searchParams.get('limit') ?? 10)
  if (search === null) {
    const [total, page] = await Promise.all([pool.query(COUNT), pool.query({ ...PAGE, values: [limit, 0] })])
    return { data: page.rows, meta: { total: Number(total.rows[0].count) } }
  }
  const pattern = `%${search}%`
  const [total, page] = await Promise.all([
    pool.query({ ...COUNT_SEARCH, values: [pattern] }),
    pool.query({ ...PAGE_SEARCH, values: [pattern, limit, 0] }),
  ])
  return { data: page.rows, meta: { total: Number(total.rows[0].count) } }
}

async function transaction(): Promise<string> {
  const client = await pool.connect()
  try {
    const id = randomUUID()
    await client.query('BEGIN')
    await client.query({ ...INSERT, values: [id, 'x'] })
    await client.query({ ...UPDATE, values: [id, 'y'] })
    await client.query('COMMIT')
    return id
  } finally {
    client.release()
  }
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 }))
})
