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

test.each([
  ['an address that is none', { ...good, email: 'x' }, 'email 必须是邮件地址'],
  [
    'a day that no month has',
    { ...good, leaveOn: '2026-02-30' },
    'leaveOn 必须是日期，例如 2026-11-30',
  ],
  ['a number in a column of texts', { ...good, email: 5 }, 'email 必须是文本'],
  ['an empty column', { ...good, name: null }, 'name 必须是文本'],
  ['a long name', { ...good, name: '名'.repeat(101) }, 'name 最多 100 个字符'],
  ['an unknown column', { ...good, salary: 1 }, 'salary 不是已知的列'],
  ['a code in another form', { ...good, unitCode: '北 厂' }, /^unitCode 必须符合格式 \^/],
  [
    'missing columns',
    { employeeNumber: 'E1', name: '张三', unitCode: 'N' },
    '该行缺少 departmentCode、positionCode',
  ],
  ['no object', null, '该行必须是 JSON 对象'],
  ['two faults', { ...good, name: 1, unitCode: 2 }, 'name 必须是文本；unitCode 必须是文本'],
])('%s is told in Chinese without words of the validator', (_what, value, told) => {
  const fault = rowFault(check.Errors(value))
  expect(fault['zh-CN']).toEqual(typeof told === 'string' ? told : expect.stringMatching(told))
  expect(fault.en).not.toMatch(/\p{Script=Han}/u)
})
