// How much later the first token of a language model comes through Ashlar than from its provider, one beside the other.
import type { Report } from './report.ts'
import { type Bench, signIn } from './servers.ts'

const WARM_UP = 30
/** As many as begin, of which nobody waits for the end. */
const PIECES = ['Granite', ' is', ' hard', '.']
const DOCUMENTS = 300
const TARGET_MS = 5

interface Way {
  what: string
  provider: 'ollama' | 'openai'
  ask: object
}

const WAYS: Way[] = [
  { what: 'Ollama, plain', provider: 'ollama', ask: { knowledge: false, tools: false } },
  { what: 'Ollama, with tools', provider: 'ollama', ask: { knowledge: false } },
  { what: `Ollama, with tools and ${DOCUMENTS} documents looked through`, provider: 'ollama', ask: {} },
  { what: 'OpenAI-compatible, plain', provider: 'openai', ask: { knowledge: false, tools: false } },
]

export async function measureAi(bench: Bench, report: Report, trials: number): Promise<void> {
  const models = await bench.provider({ pieces: PIECES, firstMs: 20, pieceMs: 10 })
  const ashlar = await bench.ashlar(await bench.database('bench_ai', 100), {
    OLLAMA_HOST: models.url,
    OPENAI_BASE_URL: `${models.url}/v1`,
    AI_TENANT_TOKENS_PER_DAY: '0',
    AI_USER_TOKENS_PER_DAY: '0',
  })
  const token = await signIn(ashlar.url, 'administrator', 'Adm1n-Passw0rd!')
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  for (let at = 0; at < DOCUMENTS; at++)
    await post(`${ashlar.url}/api/v1/documents`, headers, { title: `Stone ${at}`, content: textOf(at) })
  for (const { what, provider, ask } of WAYS) {
    const own: number[] = []
    const ours: number[] = []
    for (let trial = -WARM_UP; trial < trials; trial++) {
      const direct = await firstToken(...directRequest(models.url, provider))
      const json = { query: `How hard is stone ${trial + WARM_UP}?`, model: `${provider}/stone:latest`, ...ask }
      const through = await firstToken(`${ashlar.url}/api/v1/ai/ask`, headers, json)
      if (trial < 0) continue
      own.push(direct)
      ours.push(through)
    }
    const over = middle(ours) - middle(own)
    const named = `the first token over the provider’s own ${middle(own).toFixed(1)} ms, p50 (${what}; ${(middle(ours) / middle(own)).toFixed(2)} times as long)`
    report.facts.push({ what: named, value: over, unit: 'ms', target: TARGET_MS })
  }
  await ashlar.stop()
  await models.stop()
}

function directRequest(origin: string, provider: Way['provider']): [string, Record<string, string>, object] {
  const messages = [{ role: 'user', content: 'How hard is stone?' }]
  const headers = { 'content-type': 'application/json' }
  return provider === 'ollama'
    ? [`${origin}/api/chat`, headers, { model: 'stone:latest', messages, stream: true }]
    : [`${origin}/v1/chat/completions`, headers, { model: 'stone:latest', messages, stream: true }]
}

/** Milliseconds until the answer has its first token; the rest is read and thrown away. */
async function firstToken(url: string, headers: Record<string, string>, json: object): Promise<number> {
  const began = performance.now()
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  const decoder = new TextDecoder()
  let text = ''
  let first: number | undefined
  for await (const part of response.body!) {
    text += decoder.decode(part, { stream: true })
    if (first === undefined && text.includes(PIECES[0]!)) first = performance.now() - began
  }
  if (first === undefined) throw new Error(`${url} never answered a token: ${text}`)
  return first
}

async function post(url: string, headers: Record<string, string>, json: object): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
}

function textOf(at: number): string {
  return `Stone ${at} is ${at % 7} on the scale of Mohs. `.repeat(30)
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
