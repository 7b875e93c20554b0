import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { Problem } from '@erp-steward/contracts/problem'
import { Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { decodeIdCursor, page, pageOf, PageQuery } from '@erp-steward/service-kit/paging'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { In, type DataSource } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { AlertNoticeEntity, type AlertNotice } from './alert-notice.ts'
import { AlertEpisodeEntity, EPISODE_COLUMNS, type AlertEpisode } from './episode.ts'

const State = Type.Enum(['pending', 'firing', 'resolved', 'cleared'])

const EpisodeView = Type.Object({
  id: Uuid,
  thresholdId: Uuid,
  thresholdVersion: Type.Integer(),
  unitId: Uuid,
  moduleCode: nullable(Code),
  name: Type.String(),
  metric: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  state: State,
  level: AlertLevel,
  value: Type.Number(),
  limit: Type.Number(),
  since: InstantOut,
  firedAt: nullable(InstantOut),
  endedAt: nullable(InstantOut),
  endReason: nullable(Type.String()),
  confirmedAt: nullable(InstantOut),
  notifiedAt: nullable(InstantOut),
  notifyOverdueAt: nullable(InstantOut),
  notices: Type.Array(
    Type.Object({
      level: AlertLevel,
      confirmedAt: InstantOut,
      notifiedAt: nullable(InstantOut),
      notifyOverdueAt: nullable(InstantOut),
    }),
    {
      description:
        'Each level that was confirmed, the first first: when a person in charge was reached about it, and when it was noticed that nobody was in time. The members of the same name beside it are those of the level that the alert has.',
    },
  ),
  acknowledgedAt: nullable(InstantOut),
  ackOverdueAt: nullable(InstantOut),
})

const clauses = ['A-3.2.1', 'A-3.2.3']

export function alertRoutes(app: App, { db }: Dependencies<MonitoringConfig>): void {
  app.get(
    '/v1/alerts',
    {
      config: { access: 'alert.read', clauses },
      schema: {
        operationId: 'listAlerts',
        summary: 'Alert episodes of the units the caller may see, the latest breach first.',
        tags: ['alerts'],
        querystring: Type.Object({
          ...PageQuery,
          unitId: Type.Optional(Uuid),
          state: Type.Optional(State),
          level: Type.Optional(AlertLevel),
          thresholdId: Type.Optional(Uuid),
        }),
        response: { 200: pageOf(EpisodeView) },
      },
    },
    async (request) => {
      const { limit, cursor, unitId, state, level, thresholdId } = request.query
      const { range, unitId: own } = principalOf(request)
      const rows: AlertEpisode[] = await db.query(
        `select ${EPISODE_COLUMNS} from alert_episode
          where ($1::uuid is null or unit_id = $1) and ($2 or unit_id = $3)
            and ($4::text is null or state = $4) and ($5::text is null or level = $5)
            and ($6::uuid is null or threshold_id = $6)
            and ($7::uuid is null or (since, id) < (select since, id from alert_episode where id = $7))
          order by since desc, id desc limit $8`,
        [
          unitId ?? null,
          range === 'company',
          own,
          state ?? null,
          level ?? null,
          thresholdId ?? null,
          decodeIdCursor(cursor),
          limit + 1,
        ],
      )
      const found = page(rows, limit, ({ id }) => [id])
      const notices = await noticesOf(
        db,
        found.items.map(({ id }) => id),
      )
      return { ...found, items: found.items.map((episode) => withNotices(episode, notices)) }
    },
  )

  app.get(
    '/v1/alerts/:id',
    {
      config: { access: 'alert.read', clauses },
      schema: {
        operationId: 'readAlert',
        summary: 'One alert episode.',
        tags: ['alerts'],
        params: Type.Object({ id: Uuid }),
        response: { 200: EpisodeView },
      },
    },
    async (request) => {
      const { id } = request.params
      const episode = await db.manager.findOneBy(AlertEpisodeEntity, { id })
      if (episode === null) throw new Problem('alert-not-found', `There is no alert ${id}.`)
      assertReaches(request, episode.unitId)
      return withNotices(episode, await noticesOf(db, [id]))
    },
  )
}

function noticesOf(db: DataSource, episodeIds: readonly string[]): Promise<AlertNotice[]> {
  return db.manager.find(AlertNoticeEntity, {
    where: { episodeId: In(episodeIds) },
    order: { confirmedAt: 'asc', level: 'desc' },
  })
}

function withNotices(episode: AlertEpisode, all: readonly AlertNotice[]) {
  const notices = all
    .filter(({ episodeId }) => episodeId === episode.id)
    .map(({ level, confirmedAt, notifiedAt, overdueAt: notifyOverdueAt }) => ({
      level,
      confirmedAt,
      notifiedAt,
      notifyOverdueAt,
    }))
  const now = notices.find(({ level }) => level === episode.level)
  return {
    ...episode,
    notifiedAt: now?.notifiedAt ?? null,
    notifyOverdueAt: now?.notifyOverdueAt ?? null,
    notices,
  }
}
