import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import { LedgerExported } from '@erp-steward/contracts/ledger-events'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { addSeals } from '../../src/audit/witness-file.ts'
import { identityStage } from '../account-stage.ts'
import { as, call, ok } from '../directory-stage.ts'

const VERIFIER = join(import.meta.dirname, '../../../../scripts/verify-ledger.mjs')
const run = promisify(execFile)

let folder: string
let stage: TestService
const archives = () => join(folder, 'archives')
const witness = () => join(folder, 'ledger-witness.ndjson')
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steward-archives-'))
  // Long ago by the clock of the database too, which lets no younger record go.
  stage = await identityStage({ LEDGER_WITNESS_FILE: witness(), LEDGER_ARCHIVE_FOLDER: archives() })
  at('2020-01-10T03:00:00Z')
})
afterEach(async () => {
  await stage.release()
  rmSync(folder, { recursive: true })
})

const at = (instant: string) => {
  stage.now = new Date(instant)
}
const auditor = () => as('AUDIT_ADMIN')
const get = <Answer>(url: string) =>
  ok<Answer>(call(stage, { method: 'GET', url, headers: auditor() }))

async function record(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const envelope: Envelope = {
      specversion: '1.0',
      id: randomUUID(),
      source: '/identity',
      type: LedgerExported.type,
      subject: 'ledger',
      time: stage.now.toISOString(),
      datacontenttype: 'application/json',
      actor: randomUUID(),
      actingrole: 'END_USER',
      clauseids: '',
      requestid: 'request-1',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: {},
    }
    expect(await stage.consumer.deliver(envelope)).toBe('handled')
  }
  await runTask(stage, 'seal-ledger')
  await settle()
}

async function settle(): Promise<void> {
  for (const event of await queuedEvents(stage.db)) await stage.consumer.deliver(event)
}

async function verify() {
  await runTask(stage, 'seal-ledger')
  await settle()
  rmSync(witness(), { force: true })
  await addSeals(stage.db, witness(), 0)
  const verified = await ok<{ state: string; fault: unknown; receipt: { since: string } }>(
    call(stage, { method: 'POST', url: '/v1/audit/verifications', headers: auditor() }),
  )
  await settle()
  return verified
}

/** Audits what was recorded before this month, and signs it. */
async function audited(firstWorkingDay: string): Promise<number> {
  at(`${firstWorkingDay}T00:15:00Z`)
  await runTask(stage, 'open-audit')
  const [task] = (
    await get<{ items: { id: string; version: number; throughSeq: number }[] }>(
      '/v1/audit/tasks?state=open',
    )
  ).items
  if (task === undefined) throw new Error('no audit was opened')
  const { items } = await get<{ items: { seq: number }[] }>(
    `/v1/audit/tasks/${task.id}/items?limit=200`,
  )
  const headers = auditor()
  const judged = items.map(({ seq }) => ({ seq, judgement: 'in-order' }))
  const url = `/v1/audit/tasks/${task.id}`
  const { version } = await ok<{ version: number }>(
    call(stage, {
      method: 'POST',
      url: `${url}/judgements`,
      headers,
      payload: { items: judged },
      version: task.version,
    }),
  )
  await verify()
  const payload = { conclusion: 'in-order', summary: '样本均有据可查。' }
  await ok(call(stage, { method: 'POST', url: `${url}/sign`, headers, payload, version }))
  return task.throughSeq
}

const seqs = async () =>
  (
    await stage.db.query<{ seq: number }[]>(
      'select seq::int as seq from audit_record order by audit_record.seq',
    )
  ).map(({ seq }) => seq)

/** The key of the ledger, as somebody noted it. */
const key = async () =>
  (await get<{ items: { publicKey: string }[] }>('/v1/audit/keys')).items[0]?.publicKey ?? ''

test('[A-4.3.4] records leave the ledger after 180 days, audited and in a file that anybody can check; the ledger stays provable', async () => {
  await record(5)
  at('2020-07-20T18:00:00Z')
  await runTask(stage, 'archive-ledger')
  // Old enough, but no signed audit covers them.
  expect((await seqs())[0]).toBe(1)
  expect(existsSync(archives())).toBe(false)

  at('2020-01-20T03:00:00Z')
  await record(1)
  const through = await audited('2020-02-03')
  at('2020-07-01T18:00:00Z')
  await runTask(stage, 'archive-ledger')
  expect((await seqs())[0]).toBe(1)

  at('2020-07-20T18:00:00Z')
  await runTask(stage, 'archive-ledger')
  expect((await seqs())[0]).toBe(through + 1)
  const listed = await get<{ items: { file: string; sha256: string; throughSeq: number }[] }>(
    '/v1/audit/archives',
  )
  const [archive] = listed.items
  expect(listed.items).toMatchObject([{ afterSeq: 0, throughSeq: through, destroyedAt: null }])
  expect(readdirSync(archives())).toEqual([archive?.file])
  const path = join(archives(), archive?.file ?? '')
  expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(archive?.sha256)
  const checked = await run(process.execPath, [
    VERIFIER,
    ...['--key', await key(), '--witness', witness()],
    path,
  ])
  expect(checked.stdout).toContain('SOUND')

  expect(await verify()).toMatchObject({
    state: 'intact',
    receipt: { since: '2020-01-10T03:00:00.000Z' },
  })
  // Nothing more is old enough and audited.
  await runTask(stage, 'archive-ledger')
  expect((await seqs())[0]).toBe(through + 1)
  const told = (await queuedEvents(stage.db)).map(({ type }) => type)
  expect(told.filter((type) => type.includes('archive'))).toEqual([
    'audit.access.ledger-archived.v1',
  ])
})

test('[A-4.3.4] a copy goes on behind what is archived, and what was noted of it is told apart from what was cut', async () => {
  await record(3)
  const through = await audited('2020-02-03')
  const noted = await stage.db.query<{ seq: number; hash: string }[]>(
    `select seq::int as seq, encode(hash, 'hex') as hash from audit_record where seq in (1, $1) order by audit_record.seq`,
    [through],
  )
  at('2020-08-20T18:00:00Z')
  await runTask(stage, 'archive-ledger')
  const headers = auditor()
  const compared = await ok(
    call(stage, {
      method: 'POST',
      url: '/v1/audit/anchors/comparisons',
      headers,
      payload: { heads: [...noted, { seq: 999_999, hash: 'a'.repeat(64) }] },
    }),
  )
  expect(compared).toMatchObject({
    agree: false,
    items: [{ record: 'archived' }, { record: 'agrees' }, { record: 'record-missing' }],
  })
  const copy = await call(stage, {
    method: 'POST',
    url: '/v1/audit/exports',
    headers,
    payload: { format: 'ndjson' },
  })
  expect(JSON.parse(copy.body.split('\n')[0] ?? '')).toMatchObject({ after: through })
})

test('[A-4.3.4] neither the service nor the owner removes what no archive has, and a made-up archive proves nothing', async () => {
  await record(4)
  await expect(stage.serviceDb.query('delete from audit_record')).rejects.toThrow('permission')
  await expect(stage.db.query('delete from audit_record where seq = 1')).rejects.toThrow(
    'only grows',
  )
  const removing = () => stage.serviceDb.query('select remove_archived_records(0, 2)')
  await expect(removing()).rejects.toThrow('only grows')
  // With the rights of the service, and without its key.
  await stage.serviceDb.query(
    `insert into audit_archive
       select gen_random_uuid(), 'made-up', 0, 2, encode(hash, 'hex'), 2, now(), now(), 1, repeat('0', 64), now(),
              repeat('0', 16), repeat('A', 86)
         from audit_record where seq = 2`,
  )
  await removing()
  expect(await verify()).toMatchObject({
    state: 'broken',
    fault: { seq: 1, what: 'record-missing' },
  })
})

test('[A-4.3.4] what is younger than 180 days stays, whatever an archive says', async () => {
  stage.now = new Date()
  await record(2)
  await stage.db.query(
    `insert into audit_archive values (gen_random_uuid(), 'early', 0, 2, repeat('0', 64), 2, now(), now(), 1,
       repeat('0', 64), now(), repeat('0', 16), repeat('A', 86))`,
  )
  await expect(stage.serviceDb.query('select remove_archived_records(0, 2)')).rejects.toThrow(
    'older than 180 days',
  )
})

test('[A-4.3.4] an archive is deleted when its time is over, and that is on record', async () => {
  await record(2)
  await audited('2020-02-03')
  at('2020-08-20T18:00:00Z')
  await runTask(stage, 'archive-ledger')
  at('2022-12-31T18:00:00Z')
  await runTask(stage, 'destroy-archives')
  expect(readdirSync(archives())).toHaveLength(1)
  at('2023-01-11T18:00:00Z')
  await runTask(stage, 'destroy-archives')
  await runTask(stage, 'destroy-archives')
  expect(readdirSync(archives())).toEqual([])
  expect(await get('/v1/audit/archives')).toMatchObject({
    items: [{ destroyedAt: '2023-01-11T18:00:00.000Z' }],
  })
  const told = (await queuedEvents(stage.db)).filter(({ type }) => type.includes('destroyed'))
  expect(told.map(({ data }) => data)).toMatchObject([{ wasThere: true, afterSeq: 0 }])
  expect(await verify()).toMatchObject({ state: 'intact' })
})
