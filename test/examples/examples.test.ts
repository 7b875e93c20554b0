import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { documentCheck } from '@erp-steward/service-kit/document-check'
import type { Example, Operation } from './play.ts'
import { recordings } from './recordings.ts'
import { tellStory } from './story.ts'

const root = join(import.meta.dirname, '..', '..')

interface Played {
  readonly operationId: string
  readonly pointer: readonly string[]
  readonly operation: Operation
  readonly name: string
  readonly example: Example
}

let told: Awaited<ReturnType<typeof tellStory>>
let played: Played[]

beforeAll(async () => {
  told = await tellStory()
  played = Object.entries(told.document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      [...(told.examples.get(operation.operationId) ?? [])].map(([name, example]) => ({
        operationId: operation.operationId,
        pointer: ['paths', path, method],
        operation,
        name,
        example,
      })),
    ),
  )
}, 600_000)

describe('the story of 华东制造', () => {
  test('shows every operation', () => {
    const operations = Object.values(told.document.paths)
      .flatMap((item) => Object.values(item))
      .map(({ operationId }) => operationId)
    expect(operations.length).toBeGreaterThan(200)
    expect(operations.filter((id) => !told.examples.has(id))).toEqual([])
  })

  test('is answered as the document says', () => {
    const check = documentCheck(told.document)
    const faults = played.flatMap(({ operationId, pointer, name, example: { response } }) => {
      const { status, contentType, body } = response
      if (contentType === undefined) return []
      const schema = ['responses', String(status), 'content', contentType, 'schema']
      const fault = check([...pointer, ...schema], body)
      return fault === null ? [] : [`${operationId} ${name}: ${fault}`]
    })
    expect(faults).toEqual([])
  })

  test('asks as the document says', () => {
    const check = documentCheck(told.document)
    const faults = played.flatMap(({ operationId, pointer, operation, name, example }) => {
      const { path, query, contentType, body } = example.request
      const sent: [string[], unknown][] = (operation.parameters ?? []).flatMap(
        (parameter, at): [string[], unknown][] => {
          const held = parameter.in === 'path' ? path : query
          const value = held?.[parameter.name ?? '']
          return value === undefined ? [] : [[['parameters', String(at), 'schema'], value]]
        },
      )
      if (contentType !== undefined && typeof body === 'object')
        sent.push([['requestBody', 'content', contentType, 'schema'], body])
      return sent.flatMap(([schema, value]) => {
        const fault = check([...pointer, ...schema], value)
        return fault === null ? [] : [`${operationId} ${name}: ${fault}`]
      })
    })
    expect(faults).toEqual([])
  })

  // Which values: two things that happen at one moment are told in either order.
  test('is recorded with the members that are sent and answered today: npm run examples writes it', () => {
    for (const [path, text] of recordings(told.examples, told.document)) {
      const file = join(root, path)
      const recorded: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
      const now: unknown = JSON.parse(text)
      expect({ path, recorded: membersOf(recorded) }).toEqual({ path, recorded: membersOf(now) })
    }
  })
})

/** Paths of all members, those of all entries of a list as if of one; statuses with their value. */
function membersOf(value: unknown): string[] {
  const found = new Set<string>()
  const walk = (at: string, each: unknown): void => {
    found.add(at.endsWith('/response/status') ? `${at} ${String(each)}` : at)
    if (Array.isArray(each)) for (const entry of each) walk(`${at}/*`, entry)
    else if (typeof each === 'object' && each !== null)
      for (const [name, member] of Object.entries(each)) walk(`${at}/${name}`, member)
  }
  walk('', value)
  return [...found].toSorted()
}
