import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { defineService } from '@erp-steward/service-kit/service'
import { AppealEntity } from './appeals/appeal.ts'
import { appealsWaiting } from './appeals/appeals-waiting.ts'
import { appealRoutes } from './appeals/routes.ts'
import { assessmentAttention } from './attention.ts'
import { AssessmentConfig } from './config.ts'
import { ControlEvidenceEntity, ControlFactEntity } from './controls/control-fact.ts'
import {
  ControlCollectorEntity,
  ControlParameterEntity,
  ControlPublishedEntity,
  ControlRecordEntity,
} from './controls/control-record.ts'
import { controlSubscriptions } from './controls/on-control-fact.ts'
import { publishControlStates } from './controls/publish-states.ts'
import { recordsWaiting } from './controls/records-waiting.ts'
import { controlRoutes } from './controls/routes.ts'
import { onHolidayYearLoaded } from './deadlines/on-holiday-year-loaded.ts'
import { EntryBatchEntity } from './entry-counts/entry-batch.ts'
import { countingEntries } from './entry-counts/propose-counts.ts'
import { entryCountRoutes } from './entry-counts/routes.ts'
import { LedgerHeadWitnessEntity } from './ledger-heads/ledger-head.ts'
import { onLedgerHeadSigned } from './ledger-heads/on-ledger-head-signed.ts'
import { ledgerHeadRoutes } from './ledger-heads/routes.ts'
import { onPersonMoved } from './facts/interest.ts'
import { migrations } from './migrations/all.ts'
import { correctionsWaiting } from './observations/corrections-waiting.ts'
import { ObservationEntity } from './observations/observation.ts'
import { onAccountCaseDecided } from './observations/on-account-case-decided.ts'
import { onDepartureJudged } from './observations/on-departure-judged.ts'
import { observationRoutes } from './observations/routes.ts'
import { settleDueDates } from './observations/settle-due-dates.ts'
import { watchCorrections } from './observations/watch-corrections.ts'
import { scoreRoutes } from './scores/routes.ts'
import { ScoreSheetEntity } from './scores/score-sheet.ts'
import { settleAppealEnds } from './scores/settle-appeal-ends.ts'
import { sheetsWaiting } from './scores/sheets-waiting.ts'
import { claimsWaiting } from './time-nodes/claims-waiting.ts'
import { onTimeNodeDue } from './time-nodes/on-time-node-due.ts'
import { planMonthlyNodes } from './time-nodes/plan-monthly-nodes.ts'
import { watchClaims } from './time-nodes/watch-claims.ts'
import { planningNode } from './time-nodes/propose-node.ts'
import { timeNodeRoutes } from './time-nodes/routes.ts'
import { TimeNodeEntity } from './time-nodes/time-node.ts'

/** How well the rules are kept: by people, as scores, and by the house, as controls. Source, B-5.6. */
export const assessment = defineService({
  name: 'assessment',
  title: 'Assessment',
  examples: new URL('./examples.json', import.meta.url),
  config: AssessmentConfig,
  entities: [
    ...directoryEntities,
    ObservationEntity,
    EntryBatchEntity,
    TimeNodeEntity,
    ScoreSheetEntity,
    AppealEntity,
    ControlFactEntity,
    ControlEvidenceEntity,
    ControlRecordEntity,
    ControlPublishedEntity,
    ControlCollectorEntity,
    ControlParameterEntity,
    LedgerHeadWitnessEntity,
  ],
  migrations,
  onlyGrow: [
    'control_confirmation',
    'control_record',
    'entry_count',
    'ledger_head_witness',
    'score',
    'score_deduction',
    'score_parameter',
    'score_roster',
  ],
  routes: (app, deps) => {
    observationRoutes(app, deps)
    entryCountRoutes(app, deps)
    timeNodeRoutes(app, deps)
    scoreRoutes(app, deps)
    appealRoutes(app, deps)
    controlRoutes(app, deps)
    ledgerHeadRoutes(app, deps)
  },
  subscriptions: () => [
    ...directorySubscriptions,
    onPersonMoved,
    ...controlSubscriptions,
    onLedgerHeadSigned,
    onHolidayYearLoaded,
    onDepartureJudged,
    onAccountCaseDecided,
  ],
  waits: [appealsWaiting, sheetsWaiting, recordsWaiting, claimsWaiting, correctionsWaiting],
  proposals: () => [countingEntries, planningNode],
  tasks: () => [
    watchCorrections,
    watchClaims,
    settleDueDates,
    settleAppealEnds,
    onTimeNodeDue,
    planMonthlyNodes,
    publishControlStates,
  ],
  crontab: [
    '* * * * * watch-corrections',
    '*/10 * * * * watch-claims',
    // 00:30 UTC is 08:30 in China.
    '30 0 * * * settle-due-dates',
    '30 0 * * * settle-appeal-ends',
    '45 0 * * * plan-monthly-nodes',
    '*/5 * * * * publish-control-states',
  ].join('\n'),
  attention: assessmentAttention,
  unitExists,
})
