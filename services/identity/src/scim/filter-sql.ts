import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { personalDataOf, type PersonalField } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { Place } from './rules/attribute.ts'
import type { Comparison, Filter } from './rules/filter.ts'
import { plain } from './rules/matches.ts'

/**
 * What PostgreSQL knows of an attribute: its value; a keyed hash of it, which tells only whether it is the same; that it is
 * always the same where it is; or nothing but whether it is there, and then a filter opens it.
 */
export type Column =
  | { readonly kind: 'text' | 'uuid' | 'boolean' | 'instant'; readonly sql: string }
  | { readonly kind: 'lookup'; readonly sql: string; readonly field: PersonalField }
  | { readonly kind: 'constant'; readonly value: string | boolean; readonly where: string }
  | { readonly kind: 'present'; readonly where: string }
  | { readonly kind: 'opened' }

/** Columns by the key of the attribute. */
export type Columns = Readonly<Record<string, Column>>

export interface FilterSql {
  readonly condition: string
  /** Values of the parameters, the first of which is `$<first>`. */
  readonly values: readonly unknown[]
  /** Whether the condition is the filter. Otherwise it lets more through, of which what fits is found by opening it. */
  readonly isExact: boolean
}

/**
 * A filter as SQL.
 *
 * @param first number of the first parameter
 * @throws Problem `scim-filter-refused` for attributes that are worked out and have no column
 */
export function filterSql(
  tx: EntityManager,
  filter: Filter | null,
  columns: Columns,
  first: number,
): FilterSql {
  const values: unknown[] = []
  let isExact = true
  const bind = (value: unknown) => `$${String(first + values.push(value) - 1)}`
  const condition = filter === null ? 'true' : write(filter, false)
  return { condition, values, isExact }

  /** @param isTurned whether what does not fit is looked for: what cannot be told lets all through either way */
  function write(node: Filter, isTurned: boolean): string {
    switch (node.kind) {
      case 'and':
      case 'or': {
        const joint = (node.kind === 'and') === isTurned ? 'or' : 'and'
        return `(${node.of.map((each) => write(each, isTurned)).join(` ${joint} `)})`
      }
      case 'not':
        return write(node.of, !isTurned)
      case 'present':
        return turned(presence(columnAt(node.at)), isTurned)
      case 'within': {
        const there = turned(presence(columnAt(node.at)), isTurned)
        return `(${there} ${isTurned ? 'or' : 'and'} ${write(node.of, isTurned)})`
      }
      case 'compare': {
        if (node.comparison === 'ne') return write({ ...node, comparison: 'eq' }, !isTurned)
        const column = columnAt(node.at)
        return node.value === null
          ? turned(presence(column), !isTurned)
          : turned(comparison(column, node.comparison, node.value), isTurned)
      }
    }
  }

  function turned(sql: string | null, isTurned: boolean): string {
    // Where it is true an index may find it; where it is not, what is not there counts, too.
    if (sql !== null) return isTurned ? `not coalesce(${sql}, false)` : sql
    isExact = false
    return 'true'
  }

  function columnAt(at: Place): Column {
    const column = columns[at.key]
    if (column === undefined)
      throw new Problem(
        'scim-filter-refused',
        said(
          `${at.key} is worked out when it is read: it cannot be filtered by.`,
          `${at.key} 在读取时计算得出，不能用于筛选。`,
        ),
      )
    return column
  }

  function comparison(column: Column, operator: Comparison, value: string | boolean) {
    if (column.kind === 'lookup')
      return operator === 'eq'
        ? `(${column.sql} = ${bind(personalDataOf(tx).lookup(column.field, String(value)))})`
        : null
    if (column.kind === 'constant')
      return `(${column.where} and ${String(constantFits(column.value, operator, value))})`
    if (column.kind === 'instant')
      return `(${column.sql} ${SIGN[operator] ?? '='} ${bind(new Date(String(value)).toISOString())}::timestamptz)`
    if (column.kind === 'boolean') return `(${column.sql} = ${bind(value)}::boolean)`
    if (column.kind === 'uuid')
      return operator === 'eq'
        ? `(${column.sql} = ${bind(uuidOf(value))}::uuid)`
        : textComparison(`${column.sql}::text`, operator, String(value))
    if (column.kind === 'text') return textComparison(column.sql, operator, String(value))
    return null
  }

  function textComparison(sql: string, operator: Comparison, value: string): string {
    const own = `upper(normalize(${sql}, NFKC))`
    const wanted = `${bind(plain(value))}::text`
    if (operator === 'co') return `(strpos(${own}, ${wanted}) > 0)`
    if (operator === 'sw') return `starts_with(${own}, ${wanted})`
    if (operator === 'ew') return `(right(${own}, length(${wanted})) = ${wanted})`
    return `(${own} collate "C" ${SIGN[operator] ?? '='} ${wanted} collate "C")`
  }
}

const SIGN: Partial<Record<Comparison, string>> = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' }

function presence(column: Column): string | null {
  if (column.kind === 'opened') return null
  if (column.kind === 'constant' || column.kind === 'present') return `(${column.where})`
  return `(${column.sql} is not null)`
}

/** The id that a text is; null, which nothing equals, for one that is none. */
function uuidOf(value: string | boolean): string | null {
  const id = String(value).trim().toLowerCase()
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id) ? id : null
}

function constantFits(own: string | boolean, operator: Comparison, value: string | boolean) {
  if (typeof own === 'boolean') return own === value
  const [text, wanted] = [plain(own), plain(String(value))]
  if (operator === 'co') return text.includes(wanted)
  if (operator === 'sw') return text.startsWith(wanted)
  if (operator === 'ew') return text.endsWith(wanted)
  if (operator === 'gt') return text > wanted
  if (operator === 'ge') return text >= wanted
  if (operator === 'lt') return text < wanted
  if (operator === 'le') return text <= wanted
  return text === wanted
}
