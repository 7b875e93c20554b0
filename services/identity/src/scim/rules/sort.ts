import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { placeOf, type Place, type ResourceType } from './attribute.ts'
import { valueOf } from './filter.ts'
import { comparableOf, isPresent, type ValuesAt } from './matches.ts'

/** The attribute that a list is sorted by; of one with several values the first counts. Source: RFC 7644, 3.4.2.3. */
export function sortPlace(type: ResourceType, sortBy: string | undefined): Place | null {
  if (sortBy === undefined) return null
  const at = placeOf(type, sortBy)
  if (at === null)
    throw new Problem(
      'scim-path-refused',
      said(`There is no attribute ${sortBy} to sort by.`, `没有可供排序的属性 ${sortBy}。`),
    )
  return valueOf(at)
}

/** Sorts what has values at a place; what has none is last, or first in descending order. */
export function sorted<Row>(
  rows: readonly Row[],
  at: Place,
  descending: boolean,
  valuesOf: (row: Row) => ValuesAt,
): Row[] {
  const attribute = at.sub ?? at.attribute
  const keyed = rows.map((row) => {
    const [value] = valuesOf(row)(at).filter(isPresent)
    return { row, key: value === undefined ? null : comparableOf(attribute, value) }
  })
  const sign = descending ? -1 : 1
  return keyed
    .toSorted(({ key: a }, { key: b }) => {
      if (a === b) return 0
      if (a === null || b === null) return a === null ? sign : -sign
      return a < b ? -sign : sign
    })
    .map(({ row }) => row)
}
