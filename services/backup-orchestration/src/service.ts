import { directoryEntities, unitExists } from '@erp-steward/directory/directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { defineService } from '@erp-steward/service-kit/service'
import { AgentEntity } from './agents/agent.ts'
import { agentRoutes } from './agents/routes.ts'
import { AssignmentEntity } from './assignments/assignment.ts'
import { backupAttention } from './attention.ts'
import { BackupConfig } from './config.ts'
import { CopyEntity } from './copies/copy.ts'
import { queueVerifications } from './copies/queue-verifications.ts'
import { copyRoutes } from './copies/routes.ts'
import { granting } from './exceptions/grant-exception.ts'
import { ExceptionEntity } from './exceptions/exception.ts'
import { exceptionRoutes } from './exceptions/routes.ts'
import { GateAnswerEntity, GateEntity } from './gates/gate.ts'
import { onChangeGateAsked } from './gates/on-change-gate-asked.ts'
import { onParameterSet } from './gates/on-parameter-set.ts'
import { gateRoutes } from './gates/routes.ts'
import { settleGates } from './gates/settle-gates.ts'
import { migrations } from './migrations/all.ts'
import { PlanEntity } from './restores/plan.ts'
import { plansWaiting } from './restores/plans-waiting.ts'
import { restoreRoutes } from './restores/routes.ts'
import { dispatchTask } from './runs/dispatch-due-runs.ts'
import { runRoutes } from './runs/routes.ts'
import { RunEntity } from './runs/run.ts'
import { watchBackups } from './runs/watch-backups.ts'
import { siteRoutes } from './sites/routes.ts'
import { sitesWaiting } from './sites/sites-waiting.ts'
import { SiteEntity } from './sites/site.ts'
import { changeOfSystem } from './systems/change-of-system.ts'
import { systemRoutes } from './systems/routes.ts'
import { SystemEntity } from './systems/system.ts'
import { changeOfTarget } from './targets/change-of-target.ts'
import { PolicyEntity } from './targets/policy.ts'
import { registering } from './targets/registering.ts'
import { targetRoutes } from './targets/routes.ts'
import { settingOfPolicy } from './targets/setting-of-policy.ts'
import { watchProtection } from './targets/settle-protection.ts'
import { TargetEntity } from './targets/target.ts'

/** What is backed up, whether it can be proven, and who may restore it. Source. */
export const backupOrchestration = defineService({
  name: 'backup-orchestration',
  title: 'Backup orchestration',
  examples: new URL('./examples.json', import.meta.url),
  config: BackupConfig,
  entities: [
    ...directoryEntities,
    SiteEntity,
    SystemEntity,
    TargetEntity,
    PolicyEntity,
    AgentEntity,
    RunEntity,
    CopyEntity,
    AssignmentEntity,
    GateEntity,
    GateAnswerEntity,
    PlanEntity,
    ExceptionEntity,
  ],
  migrations,
  routes: (app, deps) => {
    siteRoutes(app, deps)
    exceptionRoutes(app, deps)
    systemRoutes(app, deps)
    targetRoutes(app, deps)
    agentRoutes(app, deps)
    runRoutes(app, deps)
    copyRoutes(app, deps)
    gateRoutes(app, deps)
    restoreRoutes(app, deps)
  },
  subscriptions: () => [...directorySubscriptions, onChangeGateAsked, onParameterSet],
  waits: [plansWaiting, sitesWaiting],
  proposals: () => [registering, changeOfTarget, changeOfSystem, settingOfPolicy, granting],
  tasks: () => [dispatchTask, watchBackups, settleGates, watchProtection, queueVerifications],
  // Every minute; the reading of old copies is spread over the hours.
  crontab: [
    '* * * * * dispatch-due-runs',
    '* * * * * watch-backups',
    '* * * * * settle-gates',
    '* * * * * watch-protection',
    '17 * * * * queue-verifications',
  ].join('\n'),
  attention: backupAttention,
  unitExists,
})
