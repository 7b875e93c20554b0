import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Compile } from 'typebox/compile'
import { rowFault } from '../imports/rules/row-fault.ts'
import { HeldProfileOption, HeldUser, type HeldRow } from './rules/held.ts'

/** Most lines of one part: they are compared in one transaction, some hundred milliseconds. */
export const MOST_LINES = 2_000

/** Faults that are told of. */
const MOST_FAULTS = 20

const user = Compile(HeldUser)
const option = Compile(HeldProfileOption)

/**
 * The lines of a part, a JSON object each; empty lines are skipped.
 *
 * @throws Problem `upload-unreadable` with the lines at fault
 */
export function readPart(bytes: Buffer): HeldRow[] {
  const lines = textOf(bytes)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
  if (lines.length === 0) throw unreadable(said('The part has no line.', '该部分没有内容行。'))
  if (lines.length > MOST_LINES)
    throw unreadable(
      said(
        `The part has more than ${String(MOST_LINES)} lines.`,
        `该部分超过 ${String(MOST_LINES)} 行。`,
      ),
    )
  const rows: HeldRow[] = []
  const errors: { pointer: string; detail: Bilingual }[] = []
  for (const [at, line] of lines.entries()) {
    const read = rowOf(line)
    if ('row' in read) rows.push(read.row)
    else if (errors.length < MOST_FAULTS)
      errors.push({ pointer: `#/${String(at)}`, detail: read.fault })
  }
  if (errors.length > 0)
    throw new Problem(
      'upload-unreadable',
      said('Lines do not fit; they count from 0.', '存在不符合格式的行；行号从 0 起。'),
      { errors },
    )
  return rows
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable(said('The part is not UTF-8.', '该部分不是 UTF-8 编码。'))
  }
}

function rowOf(line: string): { readonly row: HeldRow } | { readonly fault: Bilingual } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { fault: said('The line is not JSON.', '该行不是 JSON。') }
  }
  if (user.Check(value) || option.Check(value)) return { row: value }
  const isOption = typeof value === 'object' && value !== null && 'profileOption' in value
  return { fault: rowFault((isOption ? option : user).Errors(value), value) }
}

const unreadable = (detail: Bilingual) => new Problem('upload-unreadable', detail)
