import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isObject } from './read-resource.ts'

/** One operation of a bulk request, with references to others of it that are still to be resolved. */
export interface BulkOperation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly bulkId: string | null
  readonly version: string | null
  readonly data: unknown
}

/** What operations name of each other: `bulkId:` and the name of another. Source: RFC 7644, 3.7.2. */
const REFERENCE = 'bulkId:'

/**
 * Reads the operations of a bulk request.
 *
 * @throws Problem `malformed-request` for what is no operation, and for a name that two have
 */
export function bulkOperations(operations: readonly unknown[]): BulkOperation[] {
  const read = operations.map((each) => {
    const { method, path, bulkId = null, version = null, data } = isObject(each) ? each : {}
    const verb = typeof method === 'string' ? method.toUpperCase() : ''
    if (verb !== 'POST' && verb !== 'PUT' && verb !== 'PATCH' && verb !== 'DELETE')
      throw malformed(
        'method is POST, PUT, PATCH or DELETE.',
        'method 应为 POST、PUT、PATCH 或 DELETE。',
      )
    if (typeof path !== 'string' || !isTextOrNone(bulkId) || !isTextOrNone(version))
      throw malformed('path, bulkId and version are texts.', 'path、bulkId 与 version 应为文本。')
    if (verb === 'POST' && (bulkId === null || bulkId === ''))
      throw malformed('A POST has a bulkId.', 'POST 操作须有 bulkId。')
    return { method: verb, path, bulkId, version, data } as const
  })
  const names = read.flatMap(({ bulkId }) => bulkId ?? [])
  if (new Set(names).size < names.length)
    throw malformed('Two operations have one bulkId.', '有两个操作使用同一 bulkId。')
  return read
}

/** The names of other operations that one refers to, in its path or anywhere in its data. */
export function referencesIn({ path, data }: Pick<BulkOperation, 'path' | 'data'>): string[] {
  const inPath = path.split('/').filter((part) => part.startsWith(REFERENCE))
  return [...inPath, ...textsIn(data)]
    .filter((text) => text.startsWith(REFERENCE))
    .map((text) => text.slice(REFERENCE.length))
}

/** The operation with the ids of those that are known by name. */
export function resolved(
  operation: BulkOperation,
  ids: ReadonlyMap<string, string>,
): BulkOperation {
  const idOf = (text: string) =>
    text.startsWith(REFERENCE) ? (ids.get(text.slice(REFERENCE.length)) ?? text) : text
  return {
    ...operation,
    path: operation.path.split('/').map(idOf).join('/'),
    data: mapTexts(operation.data, idOf),
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isObject(value) ? Object.values(value).flatMap(textsIn) : []
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, mapTexts(each, map)]),
  )
}

/**
 * The order in which operations are done so that each comes after those that it refers to; otherwise as they were sent. What
 * goes round in a circle comes last, in the order sent.
 *
 * @returns indices into `operations`
 */
export function bulkOrder(operations: readonly BulkOperation[]): number[] {
  const at = new Map(operations.map(({ bulkId }, index) => [bulkId, index]))
  const references = operations.map(referencesIn)
  const order: number[] = []
  const done = new Set<number>()
  let waiting = operations.map((_, index) => index)
  for (;;) {
    const ready = waiting.filter((index) => {
      const isReady = (references[index] ?? []).every((name) => {
        const other = at.get(name)
        return other === undefined || other === index || done.has(other)
      })
      if (isReady) done.add(index)
      return isReady
    })
    order.push(...ready)
    waiting = waiting.filter((index) => !done.has(index))
    if (ready.length === 0 || waiting.length === 0) return [...order, ...waiting]
  }
}

const isTextOrNone = (value: unknown): value is string | null =>
  value === null || typeof value === 'string'

const malformed = (english: string, chinese: string) =>
  new Problem('malformed-request', said(english, chinese))
