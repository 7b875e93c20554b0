import { expect, test } from '@jest/globals'
import { Compile } from 'typebox/compile'
import { ImportRow } from '../../src/imports/rules/import-row.ts'
import { rowFault } from '../../src/imports/rules/row-fault.ts'

const check = Compile(ImportRow)
const good = {
  employeeNumber: 'E1',
  name: '张三',
  unitCode: 'NORTH',
  departmentCode: 'FIN',
  positionCode: 'CLERK',
}

const email = { en: 'email must be a mail address', zh: 'email 必须是邮件地址' }

test.each<[string, unknown, { en: string | RegExp; zh: string | RegExp }]>([
  ['an address that is none', { ...good, email: 'x' }, email],
  [
    'a day that no month has',
    { ...good, leaveOn: '2026-02-30' },
    {
      en: 'leaveOn must be a date such as 2026-11-30',
      zh: 'leaveOn 必须是日期，例如 2026-11-30',
    },
  ],
  [
    'a number in a column of texts',
    { ...good, email: 5 },
    { en: 'email must be a text', zh: 'email 必须是文本' },
  ],
  ['an empty column', { ...good, name: null }, { en: 'name is empty', zh: 'name 不能为空' }],
  [
    'a long name',
    { ...good, name: '名'.repeat(101) },
    { en: 'name must have at most 100 characters', zh: 'name 最多 100 个字符' },
  ],
  [
    'an unknown column',
    { ...good, salary: 1 },
    { en: 'salary is no known column', zh: 'salary 不是已知的列' },
  ],
  [
    'a code in another form',
    { ...good, unitCode: '北 厂' },
    { en: /^unitCode must fit the pattern \^/, zh: /^unitCode 必须符合格式 \^/ },
  ],
  [
    'missing columns',
    { employeeNumber: 'E1', name: '张三', unitCode: 'N' },
    {
      en: 'the row lacks departmentCode, positionCode',
      zh: '该行缺少 departmentCode、positionCode',
    },
  ],
  ['no object', null, { en: 'the row must be a JSON object', zh: '该行必须是 JSON 对象' }],
  [
    'two faults',
    { ...good, name: 1, unitCode: 2 },
    {
      en: 'name must be a text; unitCode must be a text',
      zh: 'name 必须是文本；unitCode 必须是文本',
    },
  ],
])('%s is told in both languages without words of the validator', (_what, row, { en, zh }) => {
  const fault = rowFault(check.Errors(row), row)
  const fits = (text: string | RegExp): unknown =>
    typeof text === 'string' ? text : expect.stringMatching(text)
  expect(fault).toEqual({ en: fits(en), 'zh-CN': fits(zh) })
})
