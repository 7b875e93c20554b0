import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { attentionKindNames, attentionKinds } from '@erp-steward/contracts/attention'
import { parse } from 'yaml'

const folder = join(import.meta.dirname, '..')
/** Of Debian's package `prometheus`. */
const PROMTOOL = '/usr/bin/promtool'
const promtool = (...given: string[]) => promisify(execFile)(PROMTOOL, given, { cwd: folder })

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

async function groups(): Promise<Map<string, readonly Rule[]>> {
  const file = parse(await readFile(join(folder, 'alerts.yml'), 'utf8')) as {
    groups: { name: string; rules: Rule[] }[]
  }
  return new Map(file.groups.map(({ name, rules }) => [name, rules]))
}

test('each kind of matter has its alert, in the order and the words of the list', async () => {
  const rules = (await groups()).get('steward-attention') ?? []
  expect(rules.map(({ for: _, ...rule }) => rule)).toEqual(
    attentionKindNames.map((kind) => ({
      alert: `Steward${kind.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())}`,
      expr: `max by (service, kind, severity) (attention_items{kind="${kind}"}) > 0`,
      annotations: {
        summary: `${attentionKinds[kind].title.en} ({{ $labels.service }}: {{ $value }})`,
        summary_zh: `${attentionKinds[kind].title['zh-CN']}（{{ $labels.service }}：{{ $value }}）`,
        list: `/v1/attention?kind=${kind}`,
      },
    })),
  )
})

test('every alert is in both languages and says how grave it is, of itself or by its series', async () => {
  for (const rules of (await groups()).values())
    for (const { alert, expr, labels = {}, annotations } of rules) {
      expect({
        alert,
        said: annotations.summary !== undefined && annotations.summary_zh !== undefined,
      }).toEqual({
        ...{ alert, said: true },
      })
      if (expr.includes('attention_items')) expect(labels).toEqual({})
      else expect(['critical', 'warning']).toContain(labels.severity)
    }
})

// Without Prometheus installed its own check is left out; README.md names it among the programs of the full test.
const withPromtool = existsSync(PROMTOOL) ? describe : describe.skip
withPromtool(`with ${PROMTOOL}`, () => {
  test('the rules can be read by Prometheus', async () => {
    const { stdout } = await promtool('check', 'rules', 'alerts.yml')
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/)
  })

  test('the rules fire when they must, and not before', async () => {
    const { stdout } = await promtool('test', 'rules', 'alerts.test.yml')
    expect(stdout).toContain('SUCCESS')
  })
})
