import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, OfUnit, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, principalOf } from '@erp-steward/service-kit/authentication'
import { byId } from '@erp-steward/service-kit/paging'
import { listRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import { In, type DataSource } from 'typeorm'
import type { MonitoringConfig } from '../config.ts'
import { AlertNoticeEntity, type AlertNotice } from './alert-notice.ts'
import {
  AlertEpisodeEntity,
  AlertState,
  EPISODE_COLUMNS,
  EpisodeView,
  type AlertEpisode,
} from './episode.ts'

const declared = {
  tags: ['alerts'],
  access: 'alert.read',
  clauses: ['A-3.2.1', 'A-3.2.3'],
} as const

export function alertRoutes(app: App, { db }: Dependencies<MonitoringConfig>): void {
  listRoute(app, '/v1/alerts', {
    ...declared,
    operationId: 'listAlerts',
    summary: 'Alert episodes of the units the caller may see, the latest breach first.',
    query: {
      unitId: Type.Optional(OfUnit),
      state: Type.Optional(AlertState),
      level: Type.Optional(AlertLevel),
      thresholdId: Type.Optional(about(Uuid, 'Only alerts of this threshold.')),
    },
    row: EpisodeView,
    sorting: byId,
    list: async ({ query: { unitId, state, level, thresholdId }, request, after, limit }) => {
      const { range, unitId: own } = principalOf(request)
      const rows: AlertEpisode[] = await db.query(
        `select ${EPISODE_COLUMNS} from alert_episode
          where ($1::uuid is null or unit_id = $1) and ($2 or unit_id = $3)
            and ($4::text is null or state = $4) and ($5::text is null or level = $5)
            and ($6::uuid is null or threshold_id = $6)
            and ($7::uuid is null or (since, id) < (select since, id from alert_episode where id = $7))
          order by since desc, id desc limit $8`,
        [
          ...[unitId ?? null, range === 'company', own],
          ...[state ?? null, level ?? null, thresholdId ?? null],
          ...[after, limit],
        ],
      )
      const notices = await noticesOf(
        db,
        rows.map(({ id }) => id),
      )
      return rows.map((episode) => withNotices(episode, notices))
    },
  })

  readRoute(app, '/v1/alerts/:id', {
    ...declared,
    operationId: 'readAlert',
    problems: ['alert-not-found', 'outside-unit'],
    summary: 'One alert episode.',
    answer: EpisodeView,
    read: async ({ params: { id }, request }) => {
      const episode = await db.manager.findOneBy(AlertEpisodeEntity, { id })
      if (episode === null)
        throw new Problem('alert-not-found', said(`There is no alert ${id}.`, `没有告警 ${id}。`))
      assertReaches(request, episode.unitId)
      return withNotices(episode, await noticesOf(db, [id]))
    },
  })
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
