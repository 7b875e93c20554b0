import type { SentBody } from '@erp-steward/service-kit/describe-exchange'
import { importColumns, mandatoryColumns } from './rules/import-row.ts'

const columns = `Columns: ${importColumns
  .map((name) => (mandatoryColumns.includes(name) ? name : `${name} (may be missing)`))
  .join(', ')}.`

const sample = [
  {
    ...{ employeeNumber: 'E1001', name: '王小明' },
    ...{ unitCode: 'PLANT-1', departmentCode: 'FINANCE', positionCode: 'ACCOUNTANT' },
    email: 'wang.xiaoming@example.com',
  },
  {
    ...{ employeeNumber: 'E1002', name: '李雷' },
    ...{ unitCode: 'PLANT-1', departmentCode: 'STORES', positionCode: 'STOREKEEPER' },
    email: null,
  },
]
const header = Object.keys(sample[0] ?? {})
const csv = [
  header.join(','),
  ...sample.map((row) =>
    Object.values(row)
      .map((value) => value ?? '')
      .join(','),
  ),
]

/** What a list of people looks like, in each form that is read. */
export const listBody: SentBody = {
  'text/csv': {
    schema: {
      type: 'string',
      description: `A header line, then a person a line, separated by commas, semicolons or tabs. ${columns}`,
      examples: [`${csv.join('\r\n')}\r\n`],
    },
  },
  'application/x-ndjson': {
    schema: {
      type: 'string',
      description: `A JSON object a line, a person each. ${columns}`,
      examples: [`${sample.map((row) => JSON.stringify(row)).join('\n')}\n`],
    },
  },
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': {
    schema: {
      type: 'string',
      format: 'binary',
      description: `An .xlsx workbook; its first sheet has a header row. ${columns}`,
    },
  },
}
