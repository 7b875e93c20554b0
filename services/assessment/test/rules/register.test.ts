import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { eventCatalog, eventModules } from '@erp-steward/contracts/event-catalog'
import { claimOf, claims } from '@erp-steward/regulation/claims'
import { clauseById } from '@erp-steward/regulation/clause'
import { titleClauseIds } from '@erp-steward/regulation/coverage'
import { durationParts } from '@erp-steward/regulation/duration'
import { parameterByKey } from '@erp-steward/regulation/parameters'
import { register } from '../../src/controls/rules/register/all.ts'
import { membersOf } from '../../src/controls/rules/touched-by.ts'
import type { TSchema } from 'typebox'

const byType = new Map(eventCatalog.map((event) => [event.type, event]))

function propertiesOf(schema: TSchema | undefined): Record<string, TSchema> {
  if (schema === undefined) return {}
  const own = 'properties' in schema ? (schema.properties as Record<string, TSchema>) : {}
  const options = 'anyOf' in schema ? (schema.anyOf as TSchema[]) : []
  return Object.assign({}, own, ...options.map(propertiesOf)) as Record<string, TSchema>
}

function hasPath(schema: TSchema, path: string): boolean {
  const [member = '', ...rest] = path.split('.')
  const properties = propertiesOf(schema)
  const found = properties[member]
  return found !== undefined && (rest.length === 0 || hasPath(found, rest.join('.')))
}

const isFree = (option: TSchema) => !('format' in option) && !('enum' in option)

/** The values that a member can have, where the schema lists them. */
function valuesOf(schema: TSchema, path: string): readonly unknown[] | null {
  const [member = '', ...rest] = path.split('.')
  const found = propertiesOf(schema)[member]
  if (found === undefined) return []
  if (rest.length > 0) return valuesOf(found, rest.join('.'))
  const options = 'anyOf' in found ? (found.anyOf as TSchema[]) : [found]
  // A free text may be anything, also beside null; an instant or an id is compared with null alone.
  if (options.some((option) => 'type' in option && option.type === 'string' && isFree(option)))
    return null
  const values = options.map((option) => {
    if ('enum' in option) return option.enum as unknown[]
    const { type } = option as { type?: string }
    return type === 'boolean' ? [true, false] : type === 'null' ? [null] : null
  })
  return values.includes(null) && !values.some((list) => list?.includes(null))
    ? null
    : values.flatMap((list) => list ?? [])
}

test('every clause in force has a control, and no clause has two', () => {
  const ids = register.map(({ clauseId }) => clauseId)
  expect(
    Object.keys(claims).filter((id) => !ids.includes(id) && clauseById(id)?.mode !== 'C'),
  ).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})

test.each(register.map((control) => [control.clauseId, control] as const))(
  'the control of %s stands on a clause, and on events that somebody can send',
  (clauseId, { touches, collectors, freshFor, ...texts }) => {
    expect(clauseById(clauseId)).toBeDefined()
    expect(touches.filter(({ event }) => !byType.has(event))).toEqual([])
    expect(touches.some(({ effect }) => effect === 'proves')).toBe(true)
    expect(collectors.length).toBeGreaterThan(0)
    for (const text of [texts.demand, texts.proof, texts.counterExample])
      expect(text.en.endsWith('.') && text['zh-CN'].endsWith('。')).toBe(true)
    expect(
      texts.requires.filter(
        ({ key }) =>
          !touches.some(
            (touch) => touch.effect === 'proves' && `${touch.key}/`.startsWith(`${key}/`),
          ),
      ),
    ).toEqual([])
    if (freshFor !== null && 'parameter' in freshFor) {
      expect(['duration', 'period']).toContain(parameterByKey(freshFor.parameter).type)
      expect(durationParts(freshFor.plus)).toBeDefined()
    } else if (freshFor !== null) expect(durationParts(freshFor.duration)).toBeDefined()
    expect(freshFor === null || freshFor.reason.length > 10).toBe(true)
  },
)

test('every key and every condition names a member that the payload has, and values that it can have', () => {
  const faults = register.flatMap(({ clauseId, touches }) =>
    touches.flatMap(({ event, key, when, lasts, due }) => {
      const schema = byType.get(event)?.payload
      if (schema === undefined) return [`${clauseId}: ${event} is unknown`]
      const conditions = Object.entries(when).map(([path, values]) => ({
        path: path.replace(/^!/, ''),
        values,
      }))
      return [
        ...[...membersOf(key), ...conditions.map(({ path }) => path)]
          .filter((path) => !hasPath(schema, path))
          .map((path) => `${clauseId}: ${event} has no ${path}`),
        ...conditions.flatMap(({ path, values }) => {
          const possible = valuesOf(schema, path)
          return possible === null
            ? []
            : values
                .filter((value) => value !== null && !possible.includes(value))
                .map((value) => `${clauseId}: ${event} never has ${path} ${String(value)}`)
        }),
        ...(due !== null && durationParts(due) === undefined && !hasPath(schema, due)
          ? [`${clauseId}: ${event} has no ${due}`]
          : []),
        ...(lasts !== null && durationParts(lasts) === undefined ? [`${clauseId}: ${lasts}`] : []),
      ]
    }),
  )
  expect(faults).toEqual([])
})

test('an event that a control names lists the clause, or the control says why it counts', () => {
  const silent = register.flatMap(({ clauseId, touches }) =>
    touches
      .filter(
        ({ event, why }) => why === null && byType.get(event)?.clauses.includes(clauseId) !== true,
      )
      .map(({ event }) => `${clauseId}: ${event}`),
  )
  expect([...new Set(silent)]).toEqual([])
})

test('every clause in force has tests that it is kept and that its counter-example turns it', async () => {
  const titles: string[] = []
  for await (const path of glob('demands-*.test.ts', { cwd: import.meta.dirname }))
    titles.push(await readFile(join(import.meta.dirname, path), 'utf8'))
  // Each title as a test of its own: which clauses are said to be kept, and which to be turned.
  const named = (word: string) =>
    titles.flatMap((text) =>
      [
        ...text.matchAll(new RegExp(`\\btest\\(\\s*'((?:\\[[^\\]]*\\])+) ${word}: [^']*'`, 'g')),
      ].flatMap(([title]) => titleClauseIds(title)),
    )
  const kept = new Set(named('kept'))
  const turned = new Set(named('turned'))
  const untested = Object.keys(claims).filter(
    (id) => claimOf(id).state === 'in-force' && !(kept.has(id) && turned.has(id)),
  )
  expect(untested).toEqual([])
})

test('a breach that lasts until it is mended has an event of the same key that mends it', () => {
  const lasting = register.flatMap(({ clauseId, touches }) =>
    touches
      .filter(
        ({ effect, lasts, due }) =>
          ((effect === 'breaks' || effect === 'at-risk') && lasts === null) || due !== null,
      )
      .filter(
        ({ key, effect }) =>
          !touches.some(
            (touch) =>
              touch.key === key &&
              (touch.effect === 'mends' || (effect === 'expects' && touch.effect === 'proves')),
          ),
      )
      .map(({ event, key }) => `${clauseId}: ${event} ${key}`),
  )
  expect(lasting).toEqual([])
})

test('a collector is the service whose events decide the clause', () => {
  const owner: Record<string, string> = {
    identity: 'identity',
    audit: 'identity',
    incident: 'incident-tiering',
    monitoring: 'monitoring-ingest',
    backup: 'backup-orchestration',
    assessment: 'assessment',
  }
  const faults = register.flatMap(({ clauseId, touches, collectors }) => {
    const proving = touches.filter(({ effect }) => effect === 'proves' || effect === 'breaks')
    const owners = new Set(proving.map(({ event }) => owner[event.split('.')[0] ?? '']))
    return [...owners]
      .filter((name) => !collectors.some((each) => each === name))
      .map((name) => `${clauseId}: ${name}`)
  })
  expect(faults).toEqual([])
})

test('every event that proves a control is stated somewhere in a service', async () => {
  const root = join(import.meta.dirname, '../../../..')
  const sources: string[] = []
  for await (const path of glob(['services/*/src/**/*.ts', 'packages/service-kit/src/**/*.ts'], {
    cwd: root,
  }))
    if (!path.includes('assessment/src/controls/')) {
      const text = await readFile(join(root, path), 'utf8')
      // What is only imported, or listened to, is not stated.
      sources.push(text.replaceAll(/^import[^;]*? from .*$/gm, '').replaceAll(/\bon\(\w+/g, ''))
    }
  const stated = (name: string) => sources.some((text) => new RegExp(`\\b${name}\\b`).test(text))
  const nameOf = (type: string) =>
    eventModules
      .flatMap((module) => Object.entries(module))
      .find(([, value]) => value === byType.get(type))?.[0] ?? type
  const unstated = register.flatMap(({ clauseId, touches }) => {
    const proving = touches.filter(({ effect }) => effect === 'proves')
    return proving.some(({ event }) => stated(nameOf(event))) ? [] : [clauseId]
  })
  expect(unstated).toEqual([])
})
