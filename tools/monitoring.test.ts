// The dashboard and the alert rules: every expression can be read, and asks for metrics, labels, settings and pages that there are.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import yaml from 'yaml'
import { entries } from '../server/src/config/table.ts'
import { METRICS, OF_PROCESS } from '../server/src/drivers/telemetry/metrics/definitions.ts'

const ROOT = join(import.meta.dirname, '..')
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Known {
  labels: readonly string[]
  /** Counters only grow: how fast is what one wants to know. */
  grows: boolean
}
const known = new Map<string, Known>(OF_PROCESS.map((name) => [name, { labels: [], grows: name.endsWith('_total') }]))
known.set('nodejs_gc_duration_seconds_sum', { labels: ['kind'], grows: true })
known.set('up', { labels: [], grows: false })
for (const metric of Object.values(METRICS)) {
  const { name, kind, labels } = metric
  if (kind === 'histogram') {
    known.set(`${name}_bucket`, { labels: [...labels, 'le'], grows: true })
    for (const suffix of ['sum', 'count']) known.set(`${name}_${suffix}`, { labels, grows: true })
  } else known.set(name, { labels, grows: kind === 'counter' })
}
/** What Prometheus adds to whatever it reads. */
const TARGET_LABELS = ['job', 'instance']

/** Sentences about what is wrong with an expression, and the metrics that it asks for. */
function read(expression: string): { faults: string[]; asked: string[] } {
  const plain = expression.replaceAll('$__rate_interval', '5m')
  const faults: string[] = []
  const asked: string[] = []
  const grouped: string[] = []
  const of = ({ from, to }: SyntaxNode) => plain.slice(from, to)
  parser.parse(plain).iterate({
    enter({ node, type }) {
      if (type.isError) faults.push(`${expression} cannot be read at ${node.from}`)
      if (type.name === 'VectorSelector') {
        const name = of(node.getChild('Identifier')!)
        asked.push(name)
        faults.push(...faultsOfSelector(node, name, of).map((fault) => `${expression}: ${fault}`))
      }
      if (type.name === 'LabelName' && node.parent?.name === 'GroupingLabels') grouped.push(of(node))
    },
  })
  const labels = [...TARGET_LABELS, ...asked.flatMap((name) => known.get(name)?.labels ?? [])]
  for (const label of grouped) if (!labels.includes(label)) faults.push(`${expression} groups by ${label}`)
  return { faults, asked }
}

function faultsOfSelector(node: SyntaxNode, name: string, of: (node: SyntaxNode) => string): string[] {
  const metric = known.get(name)
  if (!metric) return [`there is no ${name}`]
  const labels = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []
  const unknown = labels
    .map((matcher) => of(matcher.getChild('LabelName')!))
    .filter((label) => ![...TARGET_LABELS, ...metric.labels].includes(label))
  const inRate = ['rate', 'increase'].includes(functionAround(node, of) ?? '')
  return [
    ...unknown.map((label) => `${name} has no label ${label}`),
    ...(metric.grows === inRate ? [] : [`${name} is ${metric.grows ? 'no' : 'a'} gauge`]),
  ]
}

function functionAround(node: SyntaxNode, of: (node: SyntaxNode) => string): string | undefined {
  for (let at: SyntaxNode | null = node.parent; at; at = at.parent) {
    const called = at.getChild('FunctionIdentifier')
    if (called) return of(called)
  }
  return undefined
}

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { h: number; w: number; x: number; y: number }
  targets?: { expr: string; legendFormat: string }[]
}

describe('deploy/grafana-dashboard.json', () => {
  const { panels, templating } = JSON.parse(text('deploy/grafana-dashboard.json')) as {
    panels: Panel[]
    templating: { list: { name: string; definition?: string }[] }
  }
  const targets = panels.flatMap((panel) => (panel.targets ?? []).map((target) => ({ ...target, panel })))

  it('asks only for what there is, and shows every metric of the reference', () => {
    const readings = targets.map(({ expr }) => read(expr))
    assert.deepEqual(
      readings.flatMap(({ faults }) => faults),
      [],
    )
    const shown = new Set(
      readings.flatMap(({ asked }) => asked.map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))),
    )
    const hidden = Object.values(METRICS).filter(({ name }) => !shown.has(name))
    assert.deepEqual(
      hidden.map(({ name }) => name),
      [],
    )
  })

  it('has legends of labels that there are, variables that it has, and panels beside each other', () => {
    const names = templating.list.map(({ name }) => name)
    const used = new Set([...JSON.stringify(panels).matchAll(/\$\{?([a-z]+)\}?/g)].map(([, name]) => name!))
    assert.deepEqual([...used].sort(), [...names].sort())
    for (const { legendFormat, expr } of targets) {
      const labels = [...TARGET_LABELS, ...read(expr).asked.flatMap((name) => known.get(name)!.labels)]
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        assert.ok(labels.includes(label!), `${expr}: ${label}`)
    }
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const covered = new Set<string>()
    for (const { gridPos, title } of panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(x < 24 && !covered.has(`${x} ${y}`), `${title} lies on another panel`)
          covered.add(`${x} ${y}`)
        }
  })
})

describe('deploy/prometheus-alerts.yaml', () => {
  const { groups } = yaml.parse(text('deploy/prometheus-alerts.yaml')) as {
    groups: {
      rules: {
        alert: string
        expr: string
        for?: string
        labels: { severity: string }
        annotations: { summary: string; description: string }
      }[]
    }[]
  }
  const rules = groups.flatMap((group) => group.rules)

  it('asks only for what there is, of the job that its first lines name', () => {
    for (const { expr, alert } of rules) {
      assert.deepEqual(read(expr).faults, [], alert)
      const selectors = expr.match(/\{[^}]*\}/g) ?? []
      assert.ok(selectors.length > 0 && selectors.every((one) => one.includes('job="ashlar"')), alert)
    }
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
  })

  it('says of each alert how bad it is, what is so and what to do, with labels, settings and pages that there are', () => {
    const settings = new Set(entries().map(({ setting }) => setting.name))
    for (const { alert, expr, labels, annotations, for: time = '0s' } of rules) {
      assert.match(alert, /^Ashlar[A-Z]\w+$/)
      assert.match(time, /^\d+[sm]$/)
      assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert)
      const words = `${annotations.summary} ${annotations.description}`
      const there = [...TARGET_LABELS, ...read(expr).asked.flatMap((name) => known.get(name)!.labels)]
      for (const [, label] of words.matchAll(/\$labels\.(\w+)/g))
        assert.ok(there.includes(label!), `${alert}: ${label}`)
      for (const [name] of words.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)) assert.ok(settings.has(name), `${alert}: ${name}`)
      for (const [path] of words.matchAll(/\bdocs\/[\w/.-]+\.md/g)) assert.ok(existsSync(join(ROOT, path)), path)
    }
  })
})

describe('the reading of expressions', () => {
  it('finds what is wrong', () => {
    const wrong: [string, RegExp][] = [
      ['sum(rate(ashlar_nothing_total[5m]))', /there is no ashlar_nothing_total/],
      ['sum(rate(ashlar_http_requests_total{route="x"}[5m]))', /has no label route/],
      ['ashlar_http_requests_total', /is no gauge/],
      ['rate(ashlar_db_up[5m])', /is a gauge/],
      ['sum by (tenant) (ashlar_db_up)', /groups by tenant/],
      ['sum(ashlar_db_up', /cannot be read/],
      ['rate(ashlar_http_request_duration_seconds[5m])', /there is no/],
    ]
    for (const [expression, words] of wrong) assert.match(read(expression).faults.join('\n'), words)
    assert.deepEqual(read('max by (queue) (ashlar_jobs{state="ready"})').faults, [])
  })
})
