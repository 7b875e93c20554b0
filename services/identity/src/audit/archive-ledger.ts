import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { Act } from '@erp-steward/contracts/act'
import { LedgerArchived, LedgerArchiveDestroyed } from '@erp-steward/contracts/ledger-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { addPeriod } from '@erp-steward/regulation/add-period'
import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask, type Task } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { ndjsonExport, type LedgerExport } from './export-lines.ts'
import {
  archiveLines,
  archivedThrough,
  LedgerArchiveEndEntity,
  LedgerArchiveEntity,
  type LedgerArchive,
} from './ledger-archive.ts'
import type { LedgerSigner } from './ledger-key.ts'

/** Records in one file at most: some hundred megabytes, and minutes of work. The next night goes on. */
const MOST_RECORDS = 200_000

/** Checks a file as anybody outside would, in a process of its own. */
const VERIFIER = join(import.meta.dirname, '../../../../scripts/verify-ledger.mjs')

/** Names no person: a file lies where nobody asks who may read names. */
const NOBODY = {
  personId: null,
  unitId: null,
  seesAll: false,
  sensitive: ['name', 'email', 'phone', 'employee-number', 'birthday'],
} as const

const run = promisify(execFile)

/** A stretch of the ledger that may leave it, and what stands at its ends. */
interface Leaving {
  readonly afterSeq: number
  readonly throughSeq: number
  readonly previousHash: string
  readonly firstPreviousHash: string
  readonly lastHash: string
  readonly firstAt: Date
  readonly lastAt: Date
}

/**
 * Each night: writes records that are older than `identity.log.online` into a signed file, has the file checked by the program
 * that anybody can check it with, and only then removes them. What no signed audit covers stays. Without a folder nothing
 * leaves the ledger. Source.
 *
 * @param folder of the archives; empty: none
 */
export function archiveLedger(
  db: DataSource,
  signer: LedgerSigner,
  folder: string,
  clock: () => Date,
): Task {
  return defineTask('archive-ledger', Type.Object({}), async (tx, _, act) => {
    if (folder === '') return
    // One at a time, also of several replicas.
    await tx.query(`select pg_advisory_xact_lock(hashtext('archive-ledger'))`)
    const leaving = await leavingAt(tx, signer, act.now)
    if (leaving === null) return
    if (leaving.firstPreviousHash !== leaving.previousHash)
      throw new Error('the records to archive do not follow from the last archive')
    const file = `ledger-${String(leaving.afterSeq + 1)}-${String(leaving.throughSeq)}.ndjson`
    const written = await writeChecked(db, signer, join(folder, file), leaving, act, clock)
    const { afterSeq, throughSeq, lastHash, firstAt, lastAt } = leaving
    const about = { afterSeq, throughSeq, lastHash, ...written }
    const { signedAt, keyId, signature } = signer.signLines('archive', archiveLines(about), act.now)
    const archive: LedgerArchive = {
      ...{ id: randomUUID(), file, ...about, firstAt, lastAt },
      records: throughSeq - afterSeq,
      ...{ archivedAt: act.now, keyId, signature },
    }
    await tx.insert(LedgerArchiveEntity, archive)
    const [removed]: { count: number }[] = await tx.query(
      'select remove_archived_records($1, $2)::float8 as count',
      [afterSeq, throughSeq],
    )
    if (removed?.count !== archive.records)
      throw new Error(`${String(removed?.count)} records left, and not ${String(archive.records)}`)
    const { id: archiveId, records, sha256 } = archive
    const fact = {
      ...{ archiveId, file, afterSeq, throughSeq, lastHash, records, sha256 },
      ...{ keyId, signature, archivedAt: signedAt },
    }
    await appendEvent(tx, 'identity', LedgerArchived, 'ledger', fact, act)
  })
}

async function leavingAt(
  tx: EntityManager,
  signer: LedgerSigner,
  now: Date,
): Promise<Leaving | null> {
  const { value: online } = await readParameter(tx, 'identity.log.online', null, now)
  const begins = await archivedThrough(tx, signer)
  const afterSeq = begins?.seq ?? 0
  const before = new Date(now.getTime() - durationMs(online))
  const [end]: { throughSeq: number | null }[] = await tx.query(
    `select max(seq)::float8 as "throughSeq"
       from (select seq from audit_record
              where seq > $1 and seq <= $1::bigint + ${String(MOST_RECORDS)} and recorded_at < $2
                and seq <= (select coalesce(max(through_seq), 0) from audit_task
                             where kind = 'periodic' and state = 'signed'
                               and through_seq <= (select coalesce(min(after_seq), 9223372036854775807) from audit_task
                                                    where kind = 'periodic' and state = 'open'))) as old`,
    [afterSeq, before],
  )
  const throughSeq = end?.throughSeq ?? null
  if (throughSeq === null) return null
  const [ends]: Omit<Leaving, 'afterSeq' | 'throughSeq' | 'previousHash'>[] = await tx.query(
    `select encode(first.previous_hash, 'hex') as "firstPreviousHash", first.recorded_at as "firstAt",
            encode(last.hash, 'hex') as "lastHash", last.recorded_at as "lastAt"
       from audit_record first, audit_record last where first.seq = $1 and last.seq = $2`,
    [afterSeq + 1, throughSeq],
  )
  if (ends === undefined) throw new Error(`the ledger has no record ${String(afterSeq + 1)}`)
  const previousHash = begins?.hash.toString('hex') ?? '0'.repeat(64)
  return { afterSeq, throughSeq, previousHash, ...ends }
}

/** Writes the file, checks what then lies on the disk, and answers what it is. */
async function writeChecked(
  db: DataSource,
  signer: LedgerSigner,
  path: string,
  { afterSeq, throughSeq, lastHash }: Leaving,
  { actor: madeBy, now: madeAt }: Act,
  clock: () => Date,
): Promise<{ sizeBytes: number; sha256: string }> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 })
  const part = `${path}.part`
  await rm(part, { force: true })
  const copy: LedgerExport = {
    after: afterSeq,
    head: { seq: throughSeq, hash: lastHash },
    condition: { text: 'true', values: [] },
    filter: {},
    viewer: NOBODY,
    ...{ madeBy, madeAt },
  }
  const lines = ndjsonExport(db, signer, copy, clock)
  await pipeline(
    Readable.from(lines, { objectMode: false }),
    createWriteStream(part, { mode: 0o600 }),
  )
  const held = await open(part, 'r+')
  await held.sync()
  await held.close()
  const keys = signer.publicKeys.flatMap(({ publicKey }) => ['--key', publicKey])
  // Refuses, with what it found, by another exit code than 0.
  await run(
    process.execPath,
    [VERIFIER, ...keys, '--head', `${String(throughSeq)}:${lastHash}`, part],
    {
      env: {},
    },
  )
  const sha256 = createHash('sha256')
  for await (const chunk of createReadStream(part)) sha256.update(chunk as Buffer)
  const { size } = await stat(part)
  await chmod(part, 0o400)
  await rename(part, path)
  return { sizeBytes: size, sha256: sha256.digest('hex') }
}

/** Each night: deletes archives whose last record is older than `identity.log.archive`, and says so. Source. */
export function destroyArchives(folder: string): Task {
  return defineTask('destroy-archives', Type.Object({}), async (tx, _, act) => {
    if (folder === '') return
    const { value: kept } = await readParameter(tx, 'identity.log.archive', null, act.now)
    const left: LedgerArchive[] = await tx
      .createQueryBuilder(LedgerArchiveEntity, 'archive')
      .where('archive.id not in (select archive_id from audit_archive_end)')
      .orderBy('archive.throughSeq')
      .getMany()
    for (const { id: archiveId, file, afterSeq, throughSeq, sha256, lastAt } of left) {
      if (addPeriod(lastAt, kept) > act.now) break
      const path = join(folder, file)
      const wasThere = existsSync(path)
      await rm(path, { force: true })
      await tx.insert(LedgerArchiveEndEntity, { archiveId, destroyedAt: act.now })
      const destroyedAt = act.now.toISOString()
      const fact = { archiveId, file, afterSeq, throughSeq, sha256, wasThere, destroyedAt }
      await appendEvent(tx, 'identity', LedgerArchiveDestroyed, 'ledger', fact, act)
    }
  })
}
