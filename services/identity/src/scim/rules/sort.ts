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

/** By what something is sorted; `null` where it has no value. */
export type SortKey = string | number | null

/** What something with these values is sorted by at a place. */
export function sortKeyAt(at: Place, valuesAt: ValuesAt): SortKey {
  const [value] = valuesAt(at).filter(isPresent)
  return value === undefined ? null : comparableOf(at.sub ?? at.attribute, value)
}

/** Sorts by keys; what has none is last, or first in descending order. */
export function sorted<Row>(
  rows: readonly { readonly row: Row; readonly key: SortKey }[],
  descending: boolean,
): Row[] {
  const sign = descending ? -1 : 1
  return rows
    .toSorted(({ key: a }, { key: b }) => {
      if (a === b) return 0
      if (a === null || b === null) return a === null ? sign : -sign
      return a < b ? -sign : sign
    })
    .map(({ row }) => row)
}
