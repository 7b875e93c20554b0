import { setImmediate } from 'node:timers/promises'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import sax from 'sax'
import { fromBufferPromise } from 'yauzl'

/** A cell: its text, and whether the spreadsheet holds it as a number, which keeps no zeros in front. */
export interface Cell {
  readonly text: string
  readonly isNumber: boolean
}

export interface Sheet {
  /** By row and column as they stand in the sheet; what is empty is `undefined`. */
  readonly rows: readonly (readonly (Cell | undefined)[] | undefined)[]
  /** Whether serial dates count from 1904. */
  readonly from1904: boolean
}

/** Most bytes of all parts together once they are unpacked: a small file may unpack to any size. */
export const MOST_UNPACKED_BYTES = 96 * 1_048_576
/** Most parts of a workbook; one with pictures has some hundred. */
const MOST_PARTS = 2_000
/** Most columns that are looked at; a list has at most nine. */
const MOST_COLUMNS = 100
/** Characters that are parsed before others have a turn: some 10 milliseconds. */
const STRIDE = 131_072

const PARTS =
  /^xl\/(workbook\.xml|_rels\/workbook\.xml\.rels|sharedStrings\.xml|worksheets\/[^/]+\.xml)$/

/**
 * The first sheet of a workbook as Excel and WPS write it (ISO/IEC 29500, `.xlsx`).
 *
 * @param mostRows refuses a sheet with more
 * @throws Problem `import-unreadable`
 */
export async function readXlsx(body: Buffer, mostRows: number): Promise<Sheet> {
  const parts = await unpacked(body)
  const { sheet, from1904 } = await firstSheet(parts)
  const shared = await sharedStrings(parts.get('xl/sharedStrings.xml'))
  return { rows: await sheetRows(sheet, shared, mostRows), from1904 }
}

type Parts = ReadonlyMap<string, Buffer>

async function unpacked(body: Buffer): Promise<Parts> {
  if (body.subarray(0, 4).toString('hex') === 'd0cf11e0')
    throw unreadable(
      'The file is an old .xls or has a password; save it as .xlsx without one.',
      '该文件是旧的 .xls 格式或设有密码；请另存为不带密码的 .xlsx。',
    )
  const parts = new Map<string, Buffer>()
  let bytes = 0
  try {
    const zip = await fromBufferPromise(body)
    if (zip.entryCount > MOST_PARTS)
      throw unreadable(
        `The file has ${zip.entryCount} parts.`,
        `该文件含有 ${zip.entryCount} 个部件，过多。`,
      )
    for await (const entry of zip.eachEntry()) {
      if (!PARTS.test(entry.fileName)) continue
      const chunks: Buffer[] = []
      // Counted as they come, whatever the file declares.
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        bytes += (chunk as Buffer).length
        if (bytes > MOST_UNPACKED_BYTES)
          throw unreadable(
            `The workbook unpacks to more than ${MOST_UNPACKED_BYTES} bytes.`,
            `该工作簿解压后超过 ${MOST_UNPACKED_BYTES} 字节。`,
          )
        chunks.push(chunk as Buffer)
      }
      parts.set(entry.fileName, Buffer.concat(chunks))
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    throw unreadable('The file is no .xlsx workbook.', '该文件不是 .xlsx 工作簿。')
  }
  return parts
}

async function firstSheet(parts: Parts): Promise<{ sheet: Buffer; from1904: boolean }> {
  let id: string | undefined
  let from1904 = false
  await walk(parts.get('xl/workbook.xml'), {
    open(name, attributes) {
      if (name === 'workbookPr') from1904 = /^(1|true)$/.test(attributes.date1904 ?? '')
      if (name === 'sheet') id ??= attributes['r:id']
    },
  })
  let target: string | undefined
  await walk(parts.get('xl/_rels/workbook.xml.rels'), {
    open(name, attributes) {
      if (name === 'Relationship' && attributes.Id === id) target = attributes.Target
    },
  })
  const sheet = parts.get(`xl/${(target ?? '').replace(/^\/?(xl\/)?/, '')}`)
  if (sheet === undefined) throw unreadable('The workbook has no sheet.', '该工作簿没有工作表。')
  return { sheet, from1904 }
}

async function sharedStrings(part: Buffer | undefined): Promise<string[]> {
  const strings: string[] = []
  if (part === undefined) return strings
  let text = ''
  let inside = false
  let phonetic = false
  await walk(part, {
    open(name) {
      if (name === 'si') text = ''
      // How a name is read aloud is no part of it.
      if (name === 'rPh') phonetic = true
      inside = name === 't' && !phonetic
    },
    text(chunk) {
      if (inside) text += chunk
    },
    close(name) {
      if (name === 't') inside = false
      if (name === 'rPh') phonetic = false
      if (name === 'si') strings.push(text)
    },
  })
  return strings
}

async function sheetRows(part: Buffer, shared: readonly string[], mostRows: number) {
  const rows: (Cell | undefined)[][] = []
  let [row, column, type, text] = [-1, -1, 'n', '']
  let inside = false
  let phonetic = false
  await walk(part, {
    open(name, attributes) {
      if (name === 'row') {
        row = attributes.r === undefined ? row + 1 : Number(attributes.r) - 1
        column = -1
        if (!(row >= 0 && row <= mostRows))
          throw unreadable(
            `The sheet has more than ${mostRows} rows.`,
            `该工作表超过 ${mostRows} 行。`,
          )
      }
      if (name === 'c') {
        column = attributes.r === undefined ? column + 1 : columnOf(attributes.r)
        type = attributes.t ?? 'n'
        text = ''
      }
      if (name === 'rPh') phonetic = true
      inside = (name === 'v' || name === 't') && !phonetic
    },
    text(chunk) {
      if (inside) text += chunk
    },
    close(name) {
      if (name === 'v' || name === 't') inside = false
      if (name === 'rPh') phonetic = false
      if (name !== 'c' || row < 0) return
      const value = (type === 's' ? (shared[Number(text)] ?? '') : text).trim()
      if (value === '') return
      if (!(column >= 0 && column < MOST_COLUMNS))
        throw unreadable(
          `The sheet has more than ${MOST_COLUMNS} columns.`,
          `该工作表超过 ${MOST_COLUMNS} 列。`,
        )
      const cells = (rows[row] ??= [])
      cells[column] = { text: value, isNumber: type === 'n' }
    },
  })
  return rows
}

/** `B` of `B7` is 1. */
function columnOf(reference: string): number {
  const letters = /^[A-Z]{1,3}/.exec(reference)?.[0] ?? ''
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1
}

interface Handlers {
  readonly open: (name: string, attributes: Readonly<Record<string, string | undefined>>) => void
  readonly text?: (chunk: string) => void
  readonly close?: (name: string) => void
}

/** Walks a part of the workbook, a stride at a time. Names come without their prefix. */
async function walk(part: Buffer | undefined, handlers: Handlers): Promise<void> {
  if (part === undefined) throw unreadable('The workbook lacks a part.', '该工作簿缺少一个部件。')
  const parser = sax.parser(true)
  const local = (name: string) => name.slice(name.indexOf(':') + 1)
  parser.onerror = () => {
    throw unreadable('A part of the workbook is no XML.', '该工作簿有部件不是 XML。')
  }
  // Entities of its own are how a small document becomes a large one; no spreadsheet has them.
  parser.ondoctype = () => {
    throw unreadable(
      'A part of the workbook has a document type.',
      '该工作簿有部件带有文档类型声明（DOCTYPE）。',
    )
  }
  parser.onopentag = ({ name, attributes }) => {
    handlers.open(local(name), attributes as Record<string, string>)
  }
  parser.ontext = parser.oncdata = (text) => handlers.text?.(text)
  parser.onclosetag = (name) => handlers.close?.(local(name))
  const decoder = new TextDecoder()
  for (let at = 0; at < part.length; at += STRIDE) {
    parser.write(decoder.decode(part.subarray(at, at + STRIDE), { stream: true }))
    await setImmediate()
  }
  parser.close()
}

const unreadable = (en: string, zh: string) => new Problem('import-unreadable', said(en, zh))
