import { Readable } from 'node:stream'
import type { Act } from '@erp-steward/contracts/act'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import { columnsOf } from '@erp-steward/service-kit/entity'
import {
  boundTo,
  cursorOf,
  decodeCursor,
  listOf,
  page,
  pageOf,
  PageQuery,
  unusableCursor,
} from '@erp-steward/service-kit/paging'
import { Type, type Static } from 'typebox'
import type { DataSource } from 'typeorm'
import { viewerOf } from '../people/show-person.ts'
import {
  AnchorView,
  KeyView,
  NotedComparison,
  NotedHead,
  RecordView,
  VerificationView,
} from './audit-views.ts'
import { anchorsBefore, compareNoted } from './compare-noted.ts'
import { exportLedger } from './export-ledger.ts'
import { csvExport, ndjsonExport } from './export-lines.ts'
import type { LedgerSigner } from './ledger-key.ts'
import { ArchiveView, LedgerArchiveEntity } from './ledger-archive.ts'
import { ledgerKeys } from './ledger-keys.ts'
import { nameRecords } from './name-records.ts'
import { RecordFilter } from './record-filter.ts'
import { recordsBefore } from './records-before.ts'
import type { Verification } from './verify-ledger.ts'

/** Text that is sent piece by piece. */
const Stream = Type.Unsafe<Readable>(Type.String())

/** The ledger for the audit administrator: read it, and have it checked. */
export function auditRoutes(
  app: App,
  {
    db,
    clock,
    signer,
    verify,
  }: {
    readonly db: DataSource
    readonly clock: () => Date
    readonly signer: LedgerSigner
    readonly verify: (act: Act) => Promise<Verification>
  },
): void {
  app.get(
    '/v1/audit/records',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'listAuditRecords',
        problems: ['clause-unknown'],
        summary: 'Facts in the ledger, newest first.',
        tags: ['audit'],
        querystring: Type.Object({
          ...PageQuery,
          ...RecordFilter.properties,
        }),
        response: { 200: pageOf(RecordView) },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query
      const [before] = decodeCursor(cursorOf('listAuditRecords', cursor), 1) ?? []
      const rows = await recordsBefore(db.manager, before ?? null, filter, limit + 1)
      const viewer = await viewerOf(request, db.manager, clock())
      const { items, next } = page(rows, limit, ({ seq }) => [seq])
      const named = await nameRecords(db.manager, viewer, items)
      return boundTo('listAuditRecords', { items: named, next })
    },
  )

  app.post(
    '/v1/audit/exports',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'exportAuditLedger',
        problems: ['clause-unknown'],
        summary:
          'A copy of the ledger or of a part of it, oldest first, as a stream. scripts/verify-ledger.mjs checks the one in NDJSON without the ledger.',
        tags: ['audit'],
        body: Type.Object(
          {
            format: Type.Enum(['ndjson', 'csv'], {
              description:
                '`ndjson`: signed, one JSON object a line; `csv`: for a spreadsheet, cells that it would compute begin with an apostrophe.',
            }),
            after: Type.Integer({
              minimum: 0,
              maximum: Number.MAX_SAFE_INTEGER,
              default: 0,
              description: 'Only records after this number: goes on where the last copy ended.',
            }),
            filter: Type.Optional(
              Type.Object(RecordFilter.properties, {
                additionalProperties: false,
                description: 'Only such facts; without it all.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: 'The copy; one that broke off has no receipt at its end.',
            content: {
              'application/x-ndjson': { schema: Stream },
              'text/csv': { schema: Stream },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { format, after, filter = {} } = request.body
      const act = actOf(request, clock())
      const viewer = await viewerOf(request, db.manager, act.now)
      const copy = await exportLedger(db, signer, { format, after, filter }, viewer, act)
      const lines = format === 'csv' ? csvExport(db, copy) : ndjsonExport(db, signer, copy, clock)
      const name = `ledger-${String(after + 1)}-${String(copy.head.seq)}.${format}`
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Readable.from(lines, { objectMode: false }))
    },
  )

  app.post(
    '/v1/audit/verifications',
    {
      config: { access: 'audit.verify', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'verifyAuditLedger',
        summary:
          'Computes the chain anew, compares it with its witnesses, and names the first record that was changed or removed.',
        tags: ['audit'],
        response: { 200: VerificationView },
      },
    },
    (request) => verify(actOf(request, clock())),
  )

  app.get(
    '/v1/audit/keys',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'listLedgerKeys',
        summary:
          'Public keys by which signed heads, copies and receipts are checked elsewhere, and what each signed. Note them outside the product.',
        tags: ['audit'],
        response: { 200: listOf(KeyView) },
      },
    },
    async () => ({ items: await ledgerKeys(db.manager, signer) }),
  )

  app.get(
    '/v1/audit/anchors',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'listAuditAnchors',
        summary: 'The head of the ledger of each day, newest first, beside what the ledger says.',
        tags: ['audit'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(AnchorView) },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const [before = null] = decodeCursor(cursorOf('listAuditAnchors', cursor), 1) ?? []
      const rows = await anchorsBefore(db.manager, signer, before, limit + 1)
      return boundTo(
        'listAuditAnchors',
        page(rows, limit, ({ day }) => [day]),
      )
    },
  )

  app.get(
    '/v1/audit/archives',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'listLedgerArchives',
        summary:
          'Files that records of the ledger have left for, newest first, also those that were deleted after their time.',
        tags: ['audit'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(ArchiveView) },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const [before = null] = decodeCursor(cursorOf('listLedgerArchives', cursor), 1) ?? []
      if (before !== null && !/^\d{1,15}$/.test(before)) throw unusableCursor()
      const rows: Static<typeof ArchiveView>[] = await db.query(
        `select ${columnsOf(LedgerArchiveEntity)}, after_seq::float8 as "afterSeq", through_seq::float8 as "throughSeq",
                size_bytes::float8 as "sizeBytes", destroyed_at as "destroyedAt"
           from audit_archive left join audit_archive_end on archive_id = id
          where $1::bigint is null or through_seq < $1 order by through_seq desc limit $2`,
        [before, limit + 1],
      )
      return boundTo(
        'listLedgerArchives',
        page(rows, limit, ({ throughSeq }) => [throughSeq]),
      )
    },
  )

  app.post(
    '/v1/audit/anchors/comparisons',
    {
      config: { access: 'audit.verify', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'compareAuditAnchors',
        summary:
          'Compares heads and anchors that were noted outside the product with the ledger as it is. Whether the chain between them is sound says a verification.',
        tags: ['audit'],
        body: Type.Object(
          {
            heads: Type.Array(NotedHead, {
              minItems: 1,
              maxItems: 1_000,
              description: 'What was noted, in any order.',
            }),
          },
          { additionalProperties: false },
        ),
        response: {
          200: NotedComparison,
        },
      },
    },
    async ({ body: { heads } }) => {
      const items = await compareNoted(db.manager, signer, heads)
      return { agree: items.every(({ record }) => record === 'agrees'), items }
    },
  )
}
