import { about, closed, Instant } from '@erp-steward/contracts/values'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, principalOf, unitInRange } from '@erp-steward/service-kit/authentication'
import type { Committer } from '@erp-steward/service-kit/commit'
import type { SentBody } from '@erp-steward/service-kit/describe-exchange'
import { newestFirst } from '@erp-steward/service-kit/list-rows'
import { byInstant } from '@erp-steward/service-kit/paging'
import { createRoute, listRoute, PathId, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { completeUpload } from './complete-upload.ts'
import { EbsUploadEntity, UploadState, UploadView, viewOf } from './ebs-upload.ts'
import { openUpload } from './open-upload.ts'
import { MOST_LINES, readPart } from './read-part.ts'
import { takePart } from './take-part.ts'

const uploads = '/v1/ebs-uploads'
const tags = ['reconciliation']
const clauses = ['A-2.1.2', 'A-2.1.4', 'A-2.2.5', 'A-4.3.4', 'A-4.3.5']

/** Largest part in bytes: users with many responsibilities take some kilobytes each. */
const LARGEST_PART_BYTES = 8 * 1_024 * 1_024
const NDJSON = 'application/x-ndjson'

const sample = [
  {
    userName: 'ZHANGW',
    endDate: null,
    lastLogonDate: '2026-11-29',
    validity: 1,
    employeeNumber: 'E0001',
    email: 'zhangw@example.test',
    description: '张伟 (E0001)',
    responsibilities: [
      { application: 'SQLGL', key: 'GL_CLERK', securityGroup: 'STANDARD', endDate: null },
    ],
    roles: [{ name: 'UMX|XX_CLERK', endDate: null }],
  },
  { profileOption: 'SIGNON_PASSWORD_LENGTH', value: '8' },
]

const partBody: SentBody = {
  [NDJSON]: {
    schema: {
      type: 'string',
      description:
        'A JSON object a line. A user: `userName`, `endDate`, `responsibilities` (`application`, `key`, `securityGroup`, `endDate`, `indirect`), `roles` (`name`, `endDate`), and if you like `lastLogonDate`, `validity`, `employeeNumber`, `email`, `description`. A profile option at site level: `profileOption`, `value`.',
      examples: [`${sample.map((row) => JSON.stringify(row)).join('\n')}\n`],
    },
  },
}

/** What EBS holds, as the middleware tells it. */
export async function uploadRoutes(app: App, deps: Committer): Promise<void> {
  wholeRoutes(app, deps)
  await partRoute(app, deps)
}

function wholeRoutes(app: App, deps: Committer): void {
  const { db, clock } = deps
  const upload = { access: 'reconciliation.upload', clauses, tags } as const

  createRoute(app, deps, uploads, {
    ...upload,
    operationId: 'openEbsUpload',
    problems: ['outside-unit'],
    summary: 'Begins to tell what EBS holds; parts follow.',
    description:
      'For a middleware of the whole company. An upload that is open still is given up. Nothing is compared before it is complete.',
    body: closed({ takenAt: about(Instant, 'When EBS was read; not in the future.') }),
    answer: UploadView,
    create: async (tx, { request, body, act }) => {
      assertWholeCompany(request)
      const { epoch } = principalOf(request)
      const takenAt = new Date(body.takenAt)
      return viewOf(await openUpload(tx, { takenAt, epoch }, act))
    },
  })

  app.post(`${uploads}/:id/complete`, {
    config: { access: 'reconciliation.upload', clauses },
    schema: {
      operationId: 'completeEbsUpload',
      problems: ['not-found', 'outside-unit', 'upload-incomplete', 'upload-state'],
      summary: 'Says that all parts are there; a job then compares them with the register.',
      description:
        'Refused when the numbers are not what arrived, so that a cut-off upload changes nothing, and when EBS was read later by one that is compared already. It may be repeated.',
      tags,
      params: Type.Object({ id: PathId }),
      body: closed({
        accounts: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Users sent.' }),
        profileOptions: Type.Integer({
          minimum: 0,
          maximum: 100_000,
          description: 'Profile options sent; with none, how EBS is set is not compared.',
        }),
      }),
      response: { 200: UploadView },
    },
    handler: async (request) => {
      assertWholeCompany(request)
      const command = { uploadId: request.params.id, ...request.body }
      const act = actOf(request, clock())
      return viewOf(await db.transaction((tx) => completeUpload(tx, command, act)))
    },
  })

  const read = { access: 'reconciliation.read', clauses, tags } as const
  listRoute(app, uploads, {
    ...read,
    operationId: 'listEbsUploads',
    summary: 'Uploads of what EBS holds, the newest first; those of the last 90 days.',
    query: { state: Type.Optional(UploadState) },
    row: UploadView,
    sorting: byInstant('openedAt'),
    list: async ({ query: { state }, after, limit }) => {
      const stretch = { after, limit }
      const found = await newestFirst(db.manager, EbsUploadEntity, 'openedAt', stretch, { state })
      return found.map(viewOf)
    },
  })

  readRoute(app, `${uploads}/:id`, {
    ...read,
    operationId: 'readEbsUpload',
    problems: ['not-found'],
    summary: 'How far an upload is: what arrived, what was compared, what differs.',
    answer: UploadView,
    read: async ({ params: { id } }) => {
      const found = await db.manager.findOneBy(EbsUploadEntity, { id })
      if (found === null)
        throw new Problem('not-found', said(`There is no upload ${id}.`, `没有上传 ${id}。`))
      return viewOf(found)
    },
  })
}

/** The part in a scope of its own: only this operation takes JSON lines. */
async function partRoute(app: App, { db }: Committer): Promise<void> {
  await app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      NDJSON,
      { parseAs: 'buffer', bodyLimit: LARGEST_PART_BYTES },
      (_request, body, parsed) => {
        parsed(null, body)
      },
    )
    scope.put(`${uploads}/:id/parts/:part`, {
      bodyLimit: LARGEST_PART_BYTES,
      config: { access: 'reconciliation.upload', clauses, sends: partBody },
      schema: {
        operationId: 'putEbsUploadPart',
        problems: ['not-found', 'outside-unit', 'upload-state', 'upload-unreadable'],
        summary: 'Sends a part of what EBS holds, a JSON object a line.',
        description: `At most ${String(MOST_LINES)} lines and 8 MiB. The same part again takes the place of the earlier one. A part with a line at fault is refused whole.`,
        tags,
        consumes: [NDJSON],
        params: Type.Object({
          id: PathId,
          part: Type.Integer({
            minimum: 1,
            maximum: 1_000,
            description: 'Which part; their order does not matter.',
          }),
        }),
        response: { 200: UploadView },
      },
      handler: async (request) => {
        assertWholeCompany(request)
        const { id: uploadId, part } = request.params
        // Only the parser above makes a body here; without a content type there is none.
        const bytes = request.body as Buffer | null | undefined
        if (bytes === null || bytes === undefined)
          throw new Problem('media-type-unsupported', said(`Send ${NDJSON}.`, `请发送 ${NDJSON}。`))
        const rows = readPart(bytes)
        return viewOf(await db.transaction((tx) => takePart(tx, { uploadId, part, rows })))
      },
    })
    done()
  })
}

/** @throws Problem `outside-unit`: a unit cannot say what the whole EBS holds */
function assertWholeCompany(request: FastifyRequest): void {
  if (unitInRange(request) !== null)
    throw new Problem(
      'outside-unit',
      said('An upload is of the whole EBS.', '上传须涵盖整个 EBS。'),
    )
}
