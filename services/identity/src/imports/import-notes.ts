import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { ImportNote, PersonImportNote } from './person-import.ts'

/** Keeps what is to be said of rows, sealed: it names people. */
export async function noteImport(
  tx: EntityManager,
  importId: string,
  notes: readonly ImportNote[],
): Promise<void> {
  if (notes.length === 0) return
  const { seal } = personalDataOf(tx)
  await tx.query(
    'insert into person_import_note (import_id, sealed) select $1, sealed from unnest($2::text[]) as sealed',
    [importId, notes.map((note) => seal(importId, 'import', JSON.stringify(note)))],
  )
}

/** Notes after a number in the order of the list. */
export async function importNotes(
  tx: EntityManager,
  importId: string,
  after: string | null,
  limit: number,
): Promise<(ImportNote & { readonly seq: string })[]> {
  const { open } = personalDataOf(tx)
  const rows: Pick<PersonImportNote, 'seq' | 'sealed'>[] = await tx.query(
    `select seq, sealed from person_import_note
      where import_id = $1 and ($2::bigint is null or seq > $2) order by seq limit $3`,
    [importId, after, limit],
  )
  return rows.map(({ seq, sealed }) => ({
    seq,
    ...(JSON.parse(open(importId, 'import', sealed)) as ImportNote),
  }))
}
