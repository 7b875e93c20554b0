import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { defineService } from '@erp-steward/service-kit/service'
import { AssessmentConfig } from './config.ts'
import { migrations } from './migrations/all.ts'

/** How well the rules are kept: by people, as scores, and by the house, as controls. Source, B-5.6. */
export const assessment = defineService({
  name: 'assessment',
  title: 'Assessment',
  config: AssessmentConfig,
  entities: [...directoryEntities],
  migrations,
  routes: () => undefined,
  subscriptions: () => [...directorySubscriptions],
  tasks: () => [],
  unitExists,
})
