import { about, Id, InstantOut, nullable } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { LedgerSigner } from './ledger-key.ts'

/** Records that left the ledger for a file. Source, defaults 2.9. */
export const ArchiveView = Type.Object(
  {
    id: Id,
    file: Type.String({ description: 'Name of the file in the folder of archives.' }),
    afterSeq: Type.Integer({ description: 'It holds the records after this number.' }),
    throughSeq: Type.Integer({ description: 'Up to this record.' }),
    lastHash: Type.String({ description: 'Hash of that record, from which the ledger goes on.' }),
    records: Type.Integer({ description: 'Records in it.' }),
    firstAt: about(InstantOut, 'When the first of them was made.'),
    lastAt: about(InstantOut, 'When the last of them was made.'),
    sizeBytes: Type.Integer({ description: 'Size of the file in bytes.' }),
    sha256: Type.String({ description: 'SHA-256 of the file in lower-case hex.' }),
    archivedAt: about(InstantOut, 'When it was checked and the records left the ledger.'),
    keyId: Type.String({ description: 'Which key of the ledger signed it.' }),
    signature: Type.String({
      description: 'Ed25519 in base64url over the lines that docs/guides/operate.md gives.',
    }),
    destroyedAt: nullable(
      InstantOut,
      'When its time was over and it was deleted; null: it is kept.',
    ),
  },
  { title: 'LedgerArchive' },
)

const number = { type: 'bigint', transformer: { from: Number, to: String } } as const

export const LedgerArchiveEntity = entityOf(ArchiveView, {
  table: 'audit_archive',
  derived: ['destroyedAt'],
  columns: {
    afterSeq: number,
    throughSeq: number,
    sizeBytes: number,
    firstAt: { precision: 3 },
    lastAt: { precision: 3 },
    archivedAt: { precision: 3 },
  },
  uniques: [{ name: 'audit_archive_through_seq_key', columns: ['throughSeq'] }],
})
export type LedgerArchive = RowOf<typeof LedgerArchiveEntity>

export const LedgerArchiveEndEntity = new EntitySchema<{ archiveId: string; destroyedAt: Date }>({
  name: 'LedgerArchiveEnd',
  tableName: 'audit_archive_end',
  columns: {
    archiveId: {
      type: 'uuid',
      name: 'archive_id',
      primary: true,
      primaryKeyConstraintName: 'audit_archive_end_pkey',
    },
    destroyedAt: { type: 'timestamptz', name: 'destroyed_at' },
  },
  foreignKeys: [
    {
      name: 'audit_archive_end_archive_id_fkey',
      target: 'audit_archive',
      columnNames: ['archive_id'],
      referencedColumnNames: ['id'],
    },
  ],
})

/** What is signed of an archive: whoever owns the database cannot make one up for records that he removed. */
export const archiveLines = ({
  afterSeq,
  throughSeq,
  lastHash,
  sha256,
}: Pick<LedgerArchive, 'afterSeq' | 'throughSeq' | 'lastHash' | 'sha256'>): string[] => [
  String(afterSeq),
  String(throughSeq),
  lastHash,
  sha256,
]

/** Where the ledger begins: behind the last record that an archive holds. */
export interface LedgerBeginning {
  readonly seq: number
  readonly hash: Buffer
  /** When the first record of all was made; `null` where none was archived. */
  readonly since: Date | null
}

/**
 * Where the records that are online begin; `null`: with the first. An archive that our keys did not sign counts for nothing, so
 * that what it would excuse is missing.
 */
export async function archivedThrough(
  tx: EntityManager,
  signer: LedgerSigner,
): Promise<LedgerBeginning | null> {
  const archives = await tx.find(LedgerArchiveEntity, { order: { throughSeq: 'ASC' } })
  let seq = 0
  let last: LedgerArchive | null = null
  for (const archive of archives) {
    const { archivedAt, keyId, signature } = archive
    const by = { signedAt: archivedAt.toISOString(), keyId, signature }
    if (archive.afterSeq !== seq || !signer.areLinesSigned('archive', archiveLines(archive), by))
      break
    seq = archive.throughSeq
    last = archive
  }
  if (last === null) return null
  const since = archives[0]?.firstAt ?? null
  return { seq, hash: Buffer.from(last.lastHash, 'hex'), since }
}
