import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { openLogFile } from '@erp-steward/standalone/log-file'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steward-log-'))
  file = join(folder, 'steward.log')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const read = (name = '') => readFileSync(`${file}${name}`, 'utf8')

test('a file is turned over before it grows beyond its size, and only so many are kept', () => {
  const log = openLogFile({ file, maxBytes: 10, keep: 2 })
  for (const word of ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'])
    log.write(`${word}\n`)
  expect(readdirSync(folder).sort()).toEqual(['steward.log', 'steward.log.1', 'steward.log.2'])
  expect([read('.2'), read('.1'), read()]).toEqual(['four\nfive\n', 'six\nseven\n', 'eight\n'])
})

test('both sides of the size: a line that just fits stays, one byte more opens the next file', () => {
  const log = openLogFile({ file, maxBytes: 10, keep: 1 })
  log.write('12345\n')
  log.write('123\n')
  expect([read(), existsSync(`${file}.1`)]).toEqual(['12345\n123\n', false])
  log.write('\n')
  expect([read('.1'), read()]).toEqual(['12345\n123\n', '\n'])
  log.write('123456789\n')
  expect([read('.1'), read()]).toEqual(['\n', '123456789\n'])
})

test('the size is one of bytes, and a line longer than a file stands whole in a file of its own', () => {
  const log = openLogFile({ file, maxBytes: 10, keep: 3 })
  log.write('a\n')
  log.write('一二三四五六\n')
  log.write('b\n')
  expect([read('.2'), read('.1'), read()]).toEqual(['a\n', '一二三四五六\n', 'b\n'])
})

test('what an earlier run wrote counts, and stays', () => {
  writeFileSync(file, '12345678\n')
  const log = openLogFile({ file, maxBytes: 10, keep: 1 })
  log.write('90\n')
  expect([read('.1'), read()]).toEqual(['12345678\n', '90\n'])
})

test('each file is for its owner alone', () => {
  const log = openLogFile({ file, maxBytes: 2, keep: 1 })
  log.write('1\n')
  log.write('2\n')
  for (const name of ['', '.1'])
    expect((statSync(`${file}${name}`).mode & 0o777).toString(8)).toBe('600')
})

test('a folder that is gone for a while ends nothing, and the lines that were lost are told of', () => {
  const log = openLogFile({ file, maxBytes: 4, keep: 1 })
  log.write('1\n')
  renameSync(folder, `${folder}-away`)
  log.write('222\n')
  log.write('333\n')
  mkdirSync(folder)
  rmSync(`${folder}-away`, { recursive: true })
  log.write('444\n')
  expect(JSON.parse(read('.1'))).toEqual({
    level: 40,
    time: expect.any(String),
    lines: 2,
    msg: 'lines of the log could not be written',
  })
  expect(read()).toBe('444\n')
})
