import { bulkOperations, vitalOperations, type Priority } from '@erp-steward/contracts/priority'
import { isPathOf } from '@erp-steward/service-kit/problem-details'

interface Pattern {
  readonly method: string
  readonly segments: readonly string[]
}

const patternsOf = (operations: readonly string[]): readonly Pattern[] =>
  operations.map((operation) => {
    const [method = '', path = ''] = operation.split(' ')
    return { method, segments: path.split('/') }
  })
const vital = patternsOf(vitalOperations)
const bulk = patternsOf(bulkOperations)

/** Health, metrics and the pages of the gateway's own process, by which others see that it has too much to do. */
const PROBES = ['/health', '/metrics']

/** How much a request matters; `path` without its query. */
export function priorityOf(method: string, path: string): Priority {
  if (PROBES.some((probe) => path === probe || path.startsWith(`${probe}/`))) return 'vital'
  // Nearly everything is read, and nothing that is read is vital or bulk but one page.
  if (method === 'GET' && path !== '/v1/sign-out') return 'ordinary'
  const segments = path.split('/')
  const isOf = (pattern: Pattern) =>
    pattern.method === method && isPathOf(pattern.segments, segments)
  if (vital.some(isOf)) return 'vital'
  return bulk.some(isOf) ? 'bulk' : 'ordinary'
}
