import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { defineService } from '@erp-steward/service-kit/service'
import { AlertStateEntity } from './alerts/alert-state.ts'
import { AlertNoticeEntity } from './alerts/alert-notice.ts'
import { AlertTicketEntity } from './alerts/alert-ticket.ts'
import { checkAlertsTold } from './alerts/check-alerts-told.ts'
import { AlertEpisodeEntity } from './alerts/episode.ts'
import {
  onAlertRepeated,
  onNotificationDelivered,
  onTicketOpened,
  onTicketTaken,
} from './alerts/on-alert-told.ts'
import { alertRoutes } from './alerts/routes.ts'
import { monitoringAttention } from './attention.ts'
import { MonitoringConfig } from './config.ts'
import { keepPartitions } from './ingest/partitions.ts'
import { ingestRoutes } from './ingest/routes.ts'
import { generateRounds } from './inspections/generate-round.ts'
import { onDeputyDue, onInspectionDue } from './inspections/on-inspection-due.ts'
import {
  InspectionFindingEntity,
  InspectionGapEntity,
  InspectionItemEntity,
  InspectionRosterEntity,
  InspectionRoundEntity,
} from './inspections/round.ts'
import {
  checkCover,
  onInspectedUnitChanged,
  onInspectorChanged,
  onStandingChanged,
} from './inspections/on-standing-changed.ts'
import { inspectionRoutes } from './inspections/routes.ts'
import { KeyFigureEntity } from './key-figures/key-figure.ts'
import { stateKeyFigures } from './key-figures/state-key-figures.ts'
import { metricRoutes } from './metrics/routes.ts'
import { SeriesEntity } from './metrics/series.ts'
import { migrations } from './migrations/all.ts'
import { disableNeededSource } from './sources/disable-source.ts'
import { findSilentSources } from './sources/find-silent-sources.ts'
import { sourceRoutes } from './sources/routes.ts'
import { SourceEntity } from './sources/source.ts'
import { endThreshold, loosenThreshold } from './thresholds/loosen-threshold.ts'
import { thresholdRoutes } from './thresholds/routes.ts'
import { stateFeeds } from './thresholds/state-feeds.ts'
import { ThresholdEntity, ThresholdVersionEntity } from './thresholds/threshold.ts'
import { UnfedThresholdEntity } from './thresholds/unfed-threshold.ts'

/** Samples in, thresholds and alerts, and the daily inspection. Source. */
export const monitoringIngest = defineService({
  name: 'monitoring-ingest',
  title: 'Monitoring',
  examples: new URL('./examples.json', import.meta.url),
  config: MonitoringConfig,
  entities: [
    ...directoryEntities,
    SourceEntity,
    SeriesEntity,
    ThresholdEntity,
    ThresholdVersionEntity,
    AlertStateEntity,
    AlertEpisodeEntity,
    AlertNoticeEntity,
    AlertTicketEntity,
    KeyFigureEntity,
    UnfedThresholdEntity,
    InspectionRosterEntity,
    InspectionRoundEntity,
    InspectionItemEntity,
    InspectionFindingEntity,
    InspectionGapEntity,
  ],
  migrations,
  async routes(app, deps) {
    sourceRoutes(app, deps)
    await ingestRoutes(app, deps)
    metricRoutes(app, deps)
    thresholdRoutes(app, deps)
    alertRoutes(app, deps)
    inspectionRoutes(app, deps)
  },
  proposals: () => [loosenThreshold, endThreshold, disableNeededSource],
  subscriptions: () => [
    ...directorySubscriptions,
    onStandingChanged,
    onInspectorChanged,
    onInspectedUnitChanged,
    onTicketOpened,
    onNotificationDelivered,
    onTicketTaken,
    onAlertRepeated,
  ],
  tasks: ({ config }) => [
    generateRounds,
    onInspectionDue,
    onDeputyDue,
    checkCover,
    findSilentSources,
    stateKeyFigures,
    stateFeeds,
    checkAlertsTold,
    keepPartitions(config),
  ],
  // 16:05 UTC is five past midnight in China; a run missed while the service was down is made up for at its start.
  crontab: [
    '5 16 * * * generate-inspection-rounds ?fill=1d',
    '50 15 * * * keep-sample-partitions ?fill=1d',
    '* * * * * find-silent-sources',
    '* * * * * state-key-figures',
    '* * * * * state-threshold-feeds',
    '* * * * * check-alerts-told',
    '*/10 * * * * check-inspection-cover',
  ].join('\n'),
  attention: monitoringAttention,
  unitExists,
})
