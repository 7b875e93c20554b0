import { Code, InstantOut, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { change, createOnce, etag } from '@erp-steward/service-kit/commit'
import { decodeCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { MoreThan } from 'typeorm'
import type { BackupConfig } from '../config.ts'
import { confirmSite } from './confirm-site.ts'
import { changeSite, registerSite } from './keep-site.ts'
import { media, SiteEntity, siteOf } from './site.ts'

const SiteView = Type.Object({
  code: Code,
  name: Type.String(),
  location: Type.String(),
  building: nullable(Type.String()),
  medium: Type.Enum([...media]),
  isOffsite: Type.Boolean(),
  custodianPersonId: nullable(Uuid),
  isEncrypted: Type.Boolean(),
  statedByPersonId: nullable(Uuid),
  confirmedByPersonId: nullable(Uuid),
  confirmedAt: nullable(InstantOut),
  createdAt: InstantOut,
  version: Type.Integer(),
})

const ByCode = Type.Object({ code: Code })

/** The register of media. Source. */
export function siteRoutes(app: App, deps: Dependencies<BackupConfig>): void {
  const { db } = deps

  app.post(
    '/v1/backup-sites',
    {
      config: { access: 'backup.plan', once: true, clauses: ['A-2.4.2', 'A-2.4.3'] },
      schema: {
        operationId: 'registerBackupSite',
        summary:
          'Registers a place where copies lie; it counts when a second person has confirmed it.',
        tags: ['backup-sites'],
        body: Type.Object(
          {
            code: Code,
            name: Line(200),
            location: Line(200),
            building: Type.Optional(nullable(Line(200))),
            medium: Type.Enum([...media]),
            isOffsite: Type.Boolean(),
            custodianPersonId: nullable(Uuid),
            isEncrypted: Type.Boolean(),
          },
          { additionalProperties: false },
        ),
        response: { 201: SiteView },
      },
    },
    (request, reply) => {
      // Sites serve every unit.
      assertReaches(request, null)
      return createOnce(deps, request, reply, async (tx, act) => {
        const { building = null, ...rest } = request.body
        const site = await registerSite(tx, { ...rest, building }, act)
        return { body: site, location: `/v1/backup-sites/${site.code}`, version: site.version }
      })
    },
  )

  app.get(
    '/v1/backup-sites',
    {
      config: { access: 'backup.read', clauses: ['A-2.4.2'] },
      schema: {
        operationId: 'listBackupSites',
        summary: 'The register of places and media, by code.',
        tags: ['backup-sites'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(SiteView) },
      },
    },
    async ({ query: { limit, cursor } }) => {
      const [after = ''] = decodeCursor(cursor, 1) ?? []
      const rows = await db.manager.find(SiteEntity, {
        where: { code: MoreThan(after) },
        order: { code: 'asc' },
        take: limit + 1,
      })
      return page(rows, limit, ({ code }) => [code])
    },
  )

  app.get(
    '/v1/backup-sites/:code',
    {
      config: { access: 'backup.read' },
      schema: {
        operationId: 'readBackupSite',
        summary: 'One site.',
        tags: ['backup-sites'],
        params: ByCode,
        response: { 200: SiteView },
      },
    },
    async ({ params }, reply) => {
      const site = await siteOf(db.manager, params.code)
      void reply.header('etag', etag(site.version))
      return site
    },
  )

  app.patch(
    '/v1/backup-sites/:code',
    {
      config: { access: 'backup.plan', versioned: true, clauses: ['A-2.4.2'] },
      schema: {
        operationId: 'changeBackupSite',
        summary:
          'Changes what is known of a site, which is confirmed anew; its medium and whether it is off site stay.',
        tags: ['backup-sites'],
        params: ByCode,
        body: Type.Partial(
          Type.Object({
            name: Line(200),
            location: Line(200),
            building: nullable(Line(200)),
            custodianPersonId: nullable(Uuid),
            isEncrypted: Type.Boolean(),
          }),
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: SiteView },
      },
    },
    (request, reply) => {
      assertReaches(request, null)
      return change(deps, request, reply, (tx, act, expected) =>
        changeSite(tx, request.params.code, request.body, expected, act),
      )
    },
  )

  app.post(
    '/v1/backup-sites/:code/confirm',
    {
      config: {
        access: 'backup.plan',
        versioned: true,
        approves: true,
        clauses: ['A-2.4.2', 'A-2.4.3'],
      },
      schema: {
        operationId: 'confirmBackupSite',
        summary: 'A second person confirms where a site stands and what its medium is.',
        tags: ['backup-sites'],
        params: ByCode,
        response: { 200: SiteView },
      },
    },
    (request, reply) => {
      assertReaches(request, null)
      return change(deps, request, reply, (tx, act, expected) =>
        confirmSite(tx, request.params.code, expected, act),
      )
    },
  )
}
