import type { EventDefinition } from './event.ts'
import { assessmentWords } from './event-words/assessment.ts'
import { backupWords } from './event-words/backup.ts'
import { everywhere } from './event-words/everywhere.ts'
import { identityWords } from './event-words/identity.ts'
import { incidentWords } from './event-words/incident.ts'
import { monitoringWords } from './event-words/monitoring.ts'
import { platformWords } from './event-words/platform.ts'

/** What members mean, by name; of one within another the names with a dot between. */
export type MemberWords = Readonly<Record<string, string>>

/** Words for the facts whose type begins so; of several the longest beginning that has the member. */
export type WordsByBeginning = Readonly<Record<string, MemberWords>>

/** Members of events say what they mean beside their schema, or here, where one word is for all facts of an aggregate. */
export const eventWords: WordsByBeginning = {
  '': everywhere,
  ...assessmentWords,
  ...backupWords,
  ...identityWords,
  ...incidentWords,
  ...monitoringWords,
  ...platformWords,
}

const longestFirst = Object.keys(eventWords).toSorted((a, b) => b.length - a.length)

/** The beginning under which a member of a type has its word; `undefined`: it has none here. */
export function beginningFor(type: string, member: string): string | undefined {
  return longestFirst.find(
    (beginning) => type.startsWith(beginning) && eventWords[beginning]?.[member] !== undefined,
  )
}

interface Schema {
  readonly [keyword: string]: unknown
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
}

/** The payload with the word of each member that has none beside its schema. */
export function worded({ type, payload }: Pick<EventDefinition, 'type' | 'payload'>): object {
  return wordedSchema(type, payload, '')
}

/** `at`: the names above, each with a dot behind it. */
function wordedSchema<Value>(type: string, value: Value, at: string): Value {
  if (Array.isArray(value))
    return value.map((each: unknown) => wordedSchema(type, each, at)) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([keyword, inner]: [string, unknown]) => [
      keyword,
      keyword === 'properties'
        ? wordedMembers(type, inner as Schema['properties'], at)
        : wordedSchema(type, inner, at),
    ]),
  ) as Value
}

function wordedMembers(type: string, members: Schema['properties'] = {}, at: string) {
  return Object.fromEntries(
    Object.entries(members).map(([name, schema]) => {
      const path = `${at}${name}`
      const inner = wordedSchema(type, schema, `${path}.`)
      // A schema with a name has its own word, the same wherever it stands.
      if (schema.description !== undefined || schema.title !== undefined) return [name, inner]
      const beginning = beginningFor(type, path)
      const description = beginning === undefined ? undefined : eventWords[beginning]?.[path]
      return [name, { ...inner, ...(description !== undefined && { description }) }]
    }),
  )
}
