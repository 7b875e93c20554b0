import { Readable } from 'node:stream'
import type { Act } from '@erp-steward/contracts/act'
import { Witness, WitnessState } from '@erp-steward/contracts/identity-events'
import { Instant, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf } from '@erp-steward/service-kit/authentication'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'
import { viewerOf } from '../people/show-person.ts'
import { exportLedger } from './export-ledger.ts'
import { csvExport, ndjsonExport } from './export-lines.ts'
import type { LedgerSigner } from './ledger-key.ts'
import { nameRecords } from './name-records.ts'
import { RecordFilter } from './record-filter.ts'
import { recordsBefore } from './records-before.ts'
import type { Verification } from './verify-ledger.ts'

const Sha256 = Type.String({ description: 'SHA-256 in lower-case hex.' })

const RecordView = Type.Object({
  seq: Type.Integer({ description: 'Counts from 1 without gaps.' }),
  eventId: Uuid,
  type: Type.String(),
  subject: Type.String(),
  subjectName: nullable(
    Type.String({ description: 'Of a person, account, machine, unit, department or position.' }),
  ),
  actor: Type.String(),
  actorName: nullable(
    Type.String({
      description:
        "Name of the account's person or of the machine as it is today; masked for whoever may not see names.",
    }),
  ),
  actorUserName: nullable(Type.String({ description: 'User name of the account.' })),
  recordedAt: InstantOut,
  envelope: Type.String({
    description: 'The CloudEvent as the very text that the hash covers.',
  }),
  previousHash: Sha256,
  hash: Sha256,
})

/** Text that is sent piece by piece. */
const Stream = Type.Unsafe<Readable>(Type.String())

const Fault = Type.Object({ seq: Type.Integer(), what: Type.String() })

const VerificationView = Type.Object({
  checked: Type.Integer(),
  intact: Type.Boolean({ description: 'Whether `state` is `intact`.' }),
  state: Type.Enum(['intact', 'broken', 'unproven'], {
    description:
      '`unproven`: the chain is sound in itself, but a witness is behind, cannot be asked, or none outside the database is set up.',
  }),
  fault: nullable(Fault),
  witnesses: Type.Array(
    Type.Object({
      witness: Witness,
      state: WitnessState,
      heads: Type.Integer({ description: 'Signed heads that were compared.' }),
      newest: nullable(Type.Object({ seq: Type.Integer(), signedAt: Instant })),
      disagreement: nullable(Fault),
    }),
    {
      description:
        '`signature`: the signed heads beside the ledger; `file`: those in a file outside the database; `assessment`: those that the other service keeps.',
    },
  ),
})

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
      const [before] = decodeCursor(cursor, 1) ?? []
      const rows = await recordsBefore(db.manager, before ?? null, filter, limit + 1)
      const viewer = await viewerOf(request, db.manager, clock())
      const { items, next } = page(rows, limit, ({ seq }) => [seq])
      return { items: await nameRecords(db.manager, viewer, items), next }
    },
  )

  app.post(
    '/v1/audit/exports',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: {
        operationId: 'exportAuditLedger',
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
              Type.Object(RecordFilter.properties, { additionalProperties: false }),
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
      const copy = await exportLedger(db, { format, after, filter }, viewer, act)
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
}
