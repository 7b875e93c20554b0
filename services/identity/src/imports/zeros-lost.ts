import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { ImportWarning, ReadRow, RowResult } from './rules/import-row.ts'
import { shorterThanMost, withZeros } from './rules/lost-zeros.ts'

/** Who comes in under a number that most likely lost zeros in front, and would be in the register twice. */
export async function zerosLost(
  tx: EntityManager,
  rows: readonly ReadRow[],
  results: readonly RowResult[],
): Promise<ImportWarning[]> {
  const { lookup } = personalDataOf(tx)
  const numbers = rows.flatMap((read) => ('value' in read ? [read.value.employeeNumber] : []))
  const shorter = shorterThanMost(numbers)
  const fresh = results.flatMap(({ row, outcome, employeeNumber }) =>
    outcome === 'created' && employeeNumber !== null ? [{ row, employeeNumber }] : [],
  )
  const full = new Map(
    fresh.flatMap(({ employeeNumber }) =>
      withZeros(employeeNumber).map((number) => [lookup('employee-number', number), number]),
    ),
  )
  const known: { lookup: string }[] = await tx.query(
    `select employee_number_lookup as lookup from person where employee_number_lookup = any($1)`,
    [[...full.keys()]],
  )
  const there = new Set(known.map((each) => full.get(each.lookup)))
  return fresh.flatMap(({ row, employeeNumber }) => {
    const longer = withZeros(employeeNumber).find((number) => there.has(number))
    if (longer !== undefined)
      return [
        warned(
          row,
          said(
            `The register has ${longer}: this number most likely lost its zeros.`,
            `登记中已有 ${longer}：该工号很可能丢失了前导零。`,
          ),
        ),
      ]
    return shorter.has(employeeNumber) ? [warned(row, SHORTER)] : []
  })
}

const SHORTER = said(
  'The number is shorter than most of the list: zeros in front may be lost.',
  '该工号比列表中多数工号短：可能丢失了前导零。',
)

const warned = (row: number, detail: Bilingual) => ({ row, code: 'zeros-lost', detail }) as const
