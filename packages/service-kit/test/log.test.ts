import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createLog, writeByTurn } from '@erp-steward/service-kit/log'

test('the lines of a turn are in the file after it, in order, however many and long they are', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steward-log-'))
  const file = join(folder, 'log')
  const log = createLog('info', writeByTurn(file))
  const messages = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  const written: string[] = []
  for (const text of ['one', '二', 'x'.repeat(20_000), ...Array.from({ length: 500 }, String)]) {
    written.push(text)
    log.info(text)
  }
  await nextTurn()
  expect(messages()).toEqual(written)
  log.info('later')
  await nextTurn()
  expect(messages()).toEqual([...written, 'later'])
  rmSync(folder, { recursive: true })
})
