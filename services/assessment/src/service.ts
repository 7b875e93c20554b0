import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { defineService } from '@erp-steward/service-kit/service'
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
import { controlRoutes } from './controls/routes.ts'
import { migrations } from './migrations/all.ts'

/** How well the rules are kept: by people, as scores, and by the house, as controls. Source, B-5.6. */
export const assessment = defineService({
  name: 'assessment',
  title: 'Assessment',
  config: AssessmentConfig,
  entities: [
    ...directoryEntities,
    ControlFactEntity,
    ControlEvidenceEntity,
    ControlRecordEntity,
    ControlPublishedEntity,
    ControlCollectorEntity,
    ControlParameterEntity,
  ],
  migrations,
  routes: (app, deps) => {
    controlRoutes(app, deps)
  },
  subscriptions: () => [...directorySubscriptions, ...controlSubscriptions],
  tasks: () => [publishControlStates],
  crontab: ['*/5 * * * * publish-control-states'].join('\n'),
  unitExists,
})
