import { expect, test } from '@jest/globals'
import { eventCatalog } from '../src/event-catalog.ts'
import { beginningFor, eventWords, worded } from '../src/event-words.ts'

interface Schema {
  readonly title?: string
  readonly description?: string
}

interface Member {
  readonly type: string
  /** Its name, and those above it with dots between. */
  readonly path: string
  readonly schema: Schema
}

/** Every member of a schema, also within others. */
function members(type: string, value: unknown, at = ''): Member[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([keyword, inner]: [string, unknown]): Member[] =>
    keyword === 'properties'
      ? Object.entries(inner as Readonly<Record<string, Schema>>).flatMap(([name, schema]) => [
          { type, path: `${at}${name}`, schema },
          ...members(type, schema, `${at}${name}.`),
        ])
      : members(type, inner, at),
  )
}

const all = (of: (definition: (typeof eventCatalog)[number]) => unknown) =>
  eventCatalog.flatMap((definition) => members(definition.type, of(definition)))

test('every member of every fact says what it means', () => {
  const bare = all(worded)
    .filter(({ schema }) => (schema.description ?? '') === '')
    .map(({ type, path }) => `${type} ${path}`)
  expect(bare).toEqual([])
})

test('no word is of a member that no fact has, or that has its word beside its schema', () => {
  const used = new Set(
    all(({ payload }) => payload)
      .filter(({ schema }) => schema.description === undefined && schema.title === undefined)
      .map(({ type, path }) => `${String(beginningFor(type, path))} ${path}`),
  )
  const unused = Object.entries(eventWords).flatMap(([beginning, words]) =>
    Object.keys(words)
      .map((path) => `${beginning} ${path}`)
      .filter((word) => !used.has(word)),
  )
  expect(unused).toEqual([])
})

test('the longest beginning that has the member is the one whose word counts', () => {
  expect(beginningFor('incident.ticket.opened.v1', 'unitId')).toBe('incident.ticket.opened')
  expect(beginningFor('incident.ticket.opened.v1', 'ticketId')).toBe('incident.ticket.')
  expect(beginningFor('incident.ticket.opened.v1', 'openedAt')).toBe('')
  expect(beginningFor('incident.ticket.opened.v1', 'nothing')).toBeUndefined()
})
