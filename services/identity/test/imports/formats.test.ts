import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { MOST_UNPACKED_BYTES, readXlsx } from '../../src/imports/read-xlsx.ts'
import { identityStage } from '../account-stage.ts'
import { as, call, joined, ok, refusal, smallCompany } from '../directory-stage.ts'
import { workbook, zip } from './workbook.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterAll(() => stage.release())

interface Report {
  readonly counts: Record<string, number>
  readonly warnings: { row: number | null; code: string; detail: string }[]
  readonly rows: { row: number; outcome: string; errors: { code: string; detail: string }[] }[]
}

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

function send(
  list: string | Buffer,
  type = 'text/csv',
  query: Record<string, string> = {},
  language = 'en',
) {
  return stage.app.inject({
    method: 'POST',
    url: `/v1/imports/persons?${new URLSearchParams(query).toString()}`,
    headers: { ...as('SCRIPT'), 'content-type': type, 'accept-language': language },
    payload: list,
  })
}

const sent = (...list: Parameters<typeof send>) => ok<Report>(send(...list))
const outcomes = ({ rows }: Report) => rows.map(({ outcome }) => outcome)
const codes = ({ warnings }: Report) => warnings.map(({ row, code }) => [row, code])

async function person(employeeNumber: string) {
  const url = `/v1/persons?employeeNumber=${employeeNumber}`
  const { items } = await ok<{ items: Record<string, unknown>[] }>(
    call(stage, { method: 'GET', url, headers: as('SCRIPT') }),
  )
  return items[0]
}

/** A text in GBK, as Excel in China saves a CSV. */
const gbk = (text: string) =>
  execFileSync(process.execPath, ['-e', GBK_ENCODER], { input: text, maxBuffer: 1e7 })

/** Node decodes GB 18030 but does not encode it: the two-byte codes are turned round. */
const GBK_ENCODER = `
  const codes = new Map()
  for (let a = 0x81; a < 0xff; a++) for (let b = 0x40; b < 0xff; b++) {
    const text = new TextDecoder('gb18030').decode(Uint8Array.of(a, b))
    if ([...text].length === 1) codes.set(text, [a, b])
  }
  const text = require('node:fs').readFileSync(0, 'utf8')
  process.stdout.write(Uint8Array.from([...text].flatMap((c) => codes.get(c) ?? [c.charCodeAt(0)])))`

const CHINESE = '工号,姓名,单位编码,部门编码,岗位编码,电子邮箱,出生日期,离职日期'

test('[A-1.2] a list in GBK with Chinese headers is read, and said to be guessed', async () => {
  const list = gbk([CHINESE, 'G1,欧阳修,NORTH,FIN,CLERK,,1980/4/5,'].join('\r\n'))
  const report = await sent(list)
  expect(outcomes(report)).toEqual(['created'])
  expect(codes(report)).toEqual([[null, 'encoding-guessed']])
  expect(await person('G1')).toMatchObject({ name: '欧阳修', birthday: '1980-04-05' })
  for (const charset of ['gbk', '"GB2312"', 'gb18030']) {
    const named = await sent(list, `text/csv; charset=${charset}`)
    expect([outcomes(named), codes(named)]).toEqual([['unchanged'], []])
  }
  expect(await refusal(send(list, 'text/csv; charset=utf-8'))).toEqual([422, 'import-unreadable'])
  expect(await refusal(send(list, 'text/csv; charset=latin1'))).toEqual([422, 'import-unreadable'])
})

test('semicolons, tabs and UTF-16 are read', async () => {
  const row = ['S1', 'A; B, C', 'NORTH', 'FIN', 'CLERK', '', '', '']
  const semicolons = [CHINESE.replaceAll(',', ';'), row.map((text) => `"${text}"`).join(';')]
  expect(outcomes(await sent(semicolons.join('\n')))).toEqual(['created'])
  const tabs = `\ufeff${[CHINESE.replaceAll(',', '\t'), row.join('\t')].join('\r\n')}`
  expect(outcomes(await sent(Buffer.from(tabs, 'utf16le')))).toEqual(['unchanged'])
  expect(await person('S1')).toMatchObject({ name: 'A; B, C' })
})

test('columns with names of their own are mapped, and others left out', async () => {
  const list = '工作证号,姓 名,unitCode,部门编码,岗位编码,工资\nC1,张三,NORTH,FIN,CLERK,100'
  expect(await refusal(send(list))).toEqual([422, 'import-unreadable'])
  const columns = '工作证号:employeeNumber,工资:-'
  expect(outcomes(await sent(list, 'text/csv', { columns }))).toEqual(['created'])
  for (const wrong of ['工资:salary', '工资', ':name'])
    expect(await refusal(send(list, 'text/csv', { columns: wrong }))).toEqual([
      422,
      'validation-failed',
    ])
  expect(
    await refusal(send(list, 'text/csv', { columns: `${columns},姓名:employeeNumber` })),
  ).toEqual([422, 'import-unreadable'])
})

test('[A-1.2] a sheet as Excel writes it is read: shared strings, dates as numbers, empty cells and rows', async () => {
  const rows = [
    [],
    CHINESE.split(','),
    ['X1', '张<三&', 'NORTH', 'FIN', 'CLERK', null, 29316, null],
    [],
    ['X2', '李四', 'SOUTH', 'FIN', 'CLERK', null, '1990年1月5日', '2099/12/31'],
    ['X3', '王五', 'NOWHERE', 'FIN', 'CLERK', null, null],
  ]
  const report = await sent(workbook(rows), XLSX, { mode: 'good-rows' })
  expect(report.rows.map(({ row, outcome }) => [row, outcome])).toEqual([
    [1, 'created'],
    [3, 'created'],
    [4, 'refused'],
  ])
  expect(await person('X1')).toMatchObject({ name: '张<三&', birthday: '1980-04-05' })
  expect(await person('X2')).toMatchObject({ birthday: '1990-01-05', leaveOn: '2099-12-31' })
  const since1904 = workbook(
    [rows[1] ?? [], ['X1', '张<三&', 'NORTH', 'FIN', 'CLERK', null, 27854]],
    {
      from1904: true,
    },
  )
  expect(outcomes(await sent(since1904, XLSX))).toEqual(['unchanged'])
})

test('a sheet with inline strings, prefixes and no references is read', async () => {
  const cell = (text: string) => `<x:c t="inlineStr"><x:is><x:t>${text}</x:t></x:is></x:c>`
  const row = (cells: string[]) => `<x:row>${cells.map(cell).join('')}</x:row>`
  const sheet = `<x:worksheet xmlns:x="m"><x:sheetData>${row(CHINESE.split(',').slice(0, 5))}${row([
    'I1',
    '张三',
    'NORTH',
    'FIN',
    'CLERK',
  ])}</x:sheetData></x:worksheet>`
  expect(outcomes(await sent(workbook([], { sheet }), XLSX))).toEqual(['created'])
})

test('[A-2.1.1] numbers that lost zeros in front are warned of before somebody is in the register twice', async () => {
  await joined(stage, { employeeNumber: '000123' })
  const list = (number: string) => `${CHINESE}\n${number},张三,NORTH,FIN,CLERK,,,`
  const query = { dryRun: 'true' }
  const lost = await sent(list('123'), 'text/csv', query)
  expect(lost.warnings).toMatchObject([{ row: 1, code: 'zeros-lost' }])
  expect(lost.warnings[0]?.detail).toContain('000123')
  const chinese = await sent(list('123'), 'text/csv', query, 'zh-CN')
  expect(chinese.warnings[0]?.detail).toBe('登记中已有 000123：该工号很可能丢失了前导零。')
  expect((await sent(list('124'), 'text/csv', query)).warnings).toEqual([])
  expect((await sent(list('000123'), 'text/csv', query)).warnings).toEqual([])
  const mixed = ['900001', '900002', '90003'].map((number) => list(number).split('\n')[1])
  const shorter = await sent([CHINESE, ...mixed].join('\n'), 'text/csv', query)
  expect(codes(shorter)).toEqual([[3, 'zeros-lost']])
  const sheet = workbook([CHINESE.split(','), [777, '张三', 'NORTH', 'FIN', 'CLERK']])
  expect(codes(await sent(sheet, XLSX, query))).toEqual([[1, 'number-without-zeros']])
})

test.each([
  ['no zip', Buffer.from('PK nothing')],
  ['an old .xls', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
  ['a zip of something else', zip({ 'a.txt': 'a' })],
  ['a part that is no XML', zip({ 'xl/workbook.xml': '<workbook' })],
  ['no rows', workbook([CHINESE.split(',')])],
  ['nothing', workbook([])],
  [
    'a column far away',
    workbook([], { sheet: '<worksheet><row><c r="XFD1"><v>1</v></c></row></worksheet>' }),
  ],
  [
    'a row far away',
    workbook([], { sheet: '<worksheet><row r="1048576"><c r="A1"><v>1</v></c></row></worksheet>' }),
  ],
  [
    'entities that grow',
    workbook([], {
      sheet:
        '<!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet><row><c><v>&b;&b;</v></c></row></worksheet>',
    }),
  ],
])('a workbook with %s is refused', async (_what, list) => {
  expect(await refusal(send(list, XLSX))).toEqual([422, 'import-unreadable'])
})

test.each([
  ['an old .xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), XLSX, /^该文件是旧的 \.xls 格式.*。$/],
  ['a workbook without rows', workbook([CHINESE.split(',')]), XLSX, /^该列表没有数据行。$/],
  ['nothing', '', 'text/csv', /^该列表没有表头行。$/],
  ['an open quote', `${CHINESE}\n"a,b`, 'text/csv', /^CSV 格式有误：/],
])('why %s is refused is told in Chinese', async (_what, list, type, detail) => {
  const answer = await send(list, type, {}, 'zh-CN')
  expect(answer.json()).toMatchObject({
    code: 'import-unreadable',
    detail: expect.stringMatching(detail),
  })
})

test('a workbook that unpacks to more than the bound is refused, whatever length it declares', async () => {
  const bomb = Buffer.alloc(MOST_UNPACKED_BYTES + 1, ' ')
  for (const declared of [undefined, 10]) {
    const list = zip({ 'xl/workbook.xml': bomb }, declared)
    expect(list.length).toBeLessThan(1_048_576)
    await expect(readXlsx(list, 10)).rejects.toMatchObject({ code: 'import-unreadable' })
  }
})
