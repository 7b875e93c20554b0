import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { documentCheck } from '@erp-steward/service-kit/document-check'
import type { Example, Operation } from './play.ts'
import { recordings } from './recordings.ts'
import { tellStory } from './story.ts'
import without from './without.json' with { type: 'json' }

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
  test('shows every operation, but for those that are named with the reason', () => {
    const operations = Object.values(told.document.paths)
      .flatMap((item) => Object.values(item))
      .map(({ operationId }) => operationId)
    expect(operations.filter((id) => !told.examples.has(id)).toSorted()).toEqual(
      Object.keys(without).toSorted(),
    )
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

  test('is recorded as it is sent and answered today: npm run examples writes it', () => {
    for (const [path, text] of recordings(told.examples, told.document)) {
      const file = join(root, path)
      const recorded: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
      const now: unknown = JSON.parse(text)
      expect({ path, recorded }).toEqual({ path, recorded: now })
    }
  })
})
