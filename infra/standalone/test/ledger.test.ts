import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import pg from 'pg'
import { DATABASE } from '../src/prepare-site.ts'
import { changePassword, Folders, passwordOf, setUpFactor, signIn } from './host-process.ts'

// Two starts, and heads that are signed once a minute.
jest.setTimeout(400_000)
/** A head is signed every minute; the rest is for a busy machine. */
const SIGNED_WITHIN_MS = 150_000

const folders = new Folders()
afterEach(() => folders.clear())

interface Verdict {
  state: string
  fault: { seq: number } | null
  witnesses: { witness: string; state: string; heads: number }[]
}

async function verify(gateway: string, token: string): Promise<Verdict> {
  const answer = await fetch(`${gateway}/v1/audit/verifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  })
  return (await answer.json()) as Verdict
}

/** Takes a copy and the public keys through the gateway, and checks the copy beside the site's witness file. */
async function checkCopy(gateway: string, token: string, folder: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const keys = (await (await fetch(`${gateway}/v1/audit/keys`, { headers })).json()) as {
    items: { publicKey: string }[]
  }
  const copy = await fetch(`${gateway}/v1/audit/exports`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ format: 'ndjson' }),
  })
  const path = join(folder, 'copy.ndjson')
  writeFileSync(path, Buffer.from(await copy.arrayBuffer()))
  const program = join(import.meta.dirname, '../../../scripts/verify-ledger.mjs')
  const given = keys.items.flatMap(({ publicKey }) => ['--key', publicKey])
  const args = [program, ...given, '--witness', join(folder, 'ledger-witness.ndjson'), path]
  return new Promise((resolve) => {
    execFile(process.execPath, args, (_error, said) => {
      resolve(said)
    })
  })
}

/** On the embedded server of a host, as a superuser or as the service. */
async function query(folder: string, user: string, password: string, text: string) {
  const [, , , port] = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')
  const client = new pg.Client({
    host: '127.0.0.1',
    port: Number(port),
    user,
    password,
    database: DATABASE,
  })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const CUT = `
  begin;
  select from identity.audit_head for update;
  alter table identity.audit_record disable trigger user;
  delete from identity.audit_record where seq > (select seq - 5 from identity.audit_head);
  update identity.audit_head set (seq, hash) = (select seq, hash from identity.audit_record order by seq desc limit 1);
  alter table identity.audit_record enable trigger user;
  commit`

test('[A-4.3.4] on a real site the role of the service cannot cut the ledger; the superuser can, and is found, also after a start', async () => {
  const folder = folders.fresh()
  const first = folders.host(folder)
  const gateway = await first.ready()
  const initial = passwordOf(folder, 'AUDADM')
  const own = 'Reads-the-ledger-1!'
  await changePassword(gateway, await signIn(gateway, 'AUDADM', initial), initial, own)
  const device = await setUpFactor(gateway, await signIn(gateway, 'AUDADM', own), own)
  const auditor = await signIn(gateway, 'AUDADM', own, device)
  // The way of a head: signed, written to the file, published, kept by assessment, asked for over HTTP.
  const before = await eventually(
    async () => {
      const verdict = await verify(gateway, auditor)
      expect(verdict.witnesses.map(({ heads }) => heads > 0)).toEqual([true, true, true])
      return verdict
    },
    { within: SIGNED_WITHIN_MS, every: 1_000 },
  )
  expect(before).toMatchObject({ state: 'intact', fault: null })
  expect(await checkCopy(gateway, auditor, folder)).toMatch(/heads from outside lie .*\nSOUND\n$/)

  const secrets = JSON.parse(readFileSync(join(folder, 'secrets.json'), 'utf8')) as {
    databasePasswords: Record<string, string>
  }
  const service = secrets.databasePasswords.identity ?? ''
  await expect(query(folder, 'identity', service, CUT)).rejects.toMatchObject({ code: '42501' })
  await expect(
    query(folder, 'identity', service, 'alter table identity.audit_record disable trigger user'),
  ).rejects.toMatchObject({ code: '42501' })

  const superuser = readFileSync(join(folder, 'postgres.password'), 'utf8').trim()
  // Down below the newest head that was signed.
  const [{ seq } = { seq: 0 }] = await query(
    folder,
    'steward',
    superuser,
    'select max(seq)::int as seq from identity.audit_seal',
  )
  await query(
    folder,
    'steward',
    superuser,
    CUT.replace('(select seq - 5 from identity.audit_head)', String(Number(seq) - 5)),
  )
  await query(
    folder,
    'steward',
    superuser,
    'set session_replication_role = replica; truncate identity.audit_anchor',
  )
  // Unproven while the lost head is as young as clocks may differ, broken after.
  expect(await checkCopy(gateway, auditor, folder)).toMatch(/UNPROVEN|BROKEN/)
  const found = await verify(gateway, auditor)
  expect(found).toMatchObject({ state: 'broken', fault: { what: 'witness-disagrees' } })
  expect(found.witnesses.map(({ witness, state }) => [witness, state])).toEqual([
    ['signature', 'disagrees'],
    ['file', 'disagrees'],
    ['assessment', 'disagrees'],
  ])
  await first.end('SIGTERM')

  const second = folders.host(folder)
  const again = await second.ready()
  const later = await verify(again, await signIn(again, 'AUDADM', own, device))
  expect(later.state).toBe('broken')
  await second.end('SIGTERM')
})
