import { crc32, deflateRawSync } from 'node:zlib'

/** A zip file of the parts; `declared` lies about the length of each. */
export function zip(parts: Readonly<Record<string, string | Buffer>>, declared?: number): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(parts)) {
    const plain = Buffer.from(text)
    const packed = deflateRawSync(plain)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x0800, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(plain), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(declared ?? plain.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const file = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), common, place, Buffer.from(name)]),
    )
    files.push(file)
    offset += file.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(Buffer.concat(directory).length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...files, ...directory, Buffer.from('PK\u0005\u0006'), end])
}

/** A cell of a test: a text, or a number as spreadsheets keep dates and numbers. */
export type TestCell = string | number | null

/** A workbook with one sheet, texts as shared strings, as Excel writes it. */
export function workbook(
  rows: readonly (readonly TestCell[])[],
  { from1904 = false, sheet }: { from1904?: boolean; sheet?: string } = {},
): Buffer {
  const strings: string[] = []
  const cell = (value: TestCell, row: number, column: number) => {
    if (value === null) return ''
    const reference = `${String.fromCharCode(65 + column)}${row + 1}`
    if (typeof value === 'number') return `<c r="${reference}" s="1"><v>${value}</v></c>`
    strings.push(value)
    return `<c r="${reference}" t="s"><v>${strings.length - 1}</v></c>`
  }
  const body = rows
    .map((cells, row) =>
      cells.length === 0
        ? ''
        : `<row r="${row + 1}">${cells.map((value, at) => cell(value, row, at)).join('')}</row>`,
    )
    .join('')
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
  const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return zip({
    '[Content_Types].xml': '<Types/>',
    'xl/workbook.xml': `<?xml version="1.0" encoding="UTF-8"?><workbook ${main} xmlns:r="r"><workbookPr date1904="${
      from1904 ? 1 : 0
    }"/><sheets><sheet name="人员" sheetId="1" r:id="rId7"/><sheet name="2" sheetId="2" r:id="rId8"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="rId8" Target="worksheets/sheet1.xml"/><Relationship Id="rId7" Target="worksheets/sheet2.xml"/></Relationships>',
    'xl/worksheets/sheet1.xml': `<worksheet ${main}><sheetData/></worksheet>`,
    'xl/worksheets/sheet2.xml':
      sheet ?? `<worksheet ${main}><sheetData>${body}</sheetData></worksheet>`,
    'xl/sharedStrings.xml': `<sst ${main}>${strings
      .map((text) => {
        const [first, ...rest] = escaped(text)
        // Runs of rich text, and how the text is read aloud.
        return `<si><r><t>${first ?? ''}</t></r><r><t xml:space="preserve">${rest.join('')}</t></r><rPh sb="0" eb="1"><t>読み</t></rPh></si>`
      })
      .join('')}</sst>`,
  })
}
