import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of backup orchestration. */
export const backupProblems = {
  'backup-site-not-found': problem(
    404,
    said('The backup site does not exist', '备份存放地不存在'),
    said('Check the code.', '请核对代码。'),
  ),
  'backup-site-exists': problem(
    409,
    said('A backup site with this code exists', '备份存放地代码已存在'),
    said('Use the existing site or another code.', '请使用已有的备份存放地，或改用其他代码。'),
  ),
  'backup-target-not-found': problem(
    404,
    said('The backup target does not exist', '备份对象不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'backup-target-exists': problem(
    409,
    said('A backup target with this code exists', '备份对象代码已存在'),
    said('Use the existing target or another code.', '请使用已有的备份对象，或改用其他代码。'),
  ),
  'backup-system-not-found': problem(
    404,
    said('The system does not exist', '系统不存在'),
    said(
      'Check the code; a system is known from its first target on.',
      '请核对代码；登记首个备份对象后，系统才存在。',
    ),
  ),
  'backup-system-foreign': problem(
    409,
    said('The system belongs to another unit', '系统属于其他单位'),
    said(
      'Register the target under a system of its own unit.',
      '请将该备份对象登记在本单位的系统下。',
    ),
  ),
  'backup-target-state': problem(
    409,
    said('The backup target is not in a state for this', '备份对象当前状态不允许此操作'),
    said('Activate the target and set its policy first.', '请先启用该备份对象并设置备份策略。'),
  ),
  'backup-policy-missing': problem(
    404,
    said('The backup target has no policy', '备份对象尚无备份策略'),
    said('Set a policy first.', '请先设置备份策略。'),
  ),
  'backup-policy-refused': problem(
    422,
    said('The backup policy is not usable', '备份策略不符合规定'),
    said('Correct the members listed in `errors`.', '请更正 `errors` 中列出的各项。'),
    ['errors'],
  ),
  'backup-site-state': problem(
    409,
    said('The backup site is confirmed already', '备份存放地已确认'),
    said('Read the site; nothing is left to confirm.', '请查看该备份存放地；无需再确认。'),
  ),
  'not-plan-approver': problem(
    403,
    said('You do not approve the restore of this data', '无权审批该数据的恢复'),
    said(
      'A unit that uses the ERP: its business owner, of that unit. Others: the O&M authority.',
      '使用 ERP 的单位：由该单位的业务负责人审批。其他：由运维主管部门审批。',
    ),
  ),
  'not-plan-executor': problem(
    403,
    said('You may not execute restores any more', '已无权执行恢复'),
    said('Let somebody with the right to execute restores act.', '请由有权执行恢复的人员办理。'),
  ),
  'backup-run-not-found': problem(
    404,
    said('The backup run does not exist', '备份任务不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'run-in-progress': problem(
    409,
    said('The target already has a run waiting or at work', '备份对象已有等待或执行中的任务'),
    said(
      'See `runId`; wait for its end or cancel it.',
      '请查看 `runId` 所指的任务，待其结束或将其取消。',
    ),
    ['runId'],
  ),
  'backup-run-state': problem(
    409,
    said('The backup run is not in a state for this', '备份任务当前状态不允许此操作'),
    said('Read the run again.', '请重新读取该备份任务。'),
  ),
  'backup-copy-not-found': problem(
    404,
    said('The copy does not exist', '备份副本不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'backup-copy-state': problem(
    409,
    said('The copy is not proven good', '备份副本未经验证或已损坏'),
    said('Choose a copy whose state is `good`.', '请选用状态为 `good` 的备份副本。'),
  ),
  'assignment-not-found': problem(
    404,
    said('The assignment does not exist', '任务不存在'),
    said('Lease again.', '请重新领取任务。'),
  ),
  'report-refused': problem(
    422,
    said('The report does not fit the assignment', '上报结果与任务不符'),
    said(
      'Report the outcome that belongs to the kind of the assignment.',
      '请上报与该任务类型相符的结果。',
    ),
  ),
  'restore-plan-not-found': problem(
    404,
    said('The restore plan does not exist', '恢复计划不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'restore-plan-state': problem(
    409,
    said('The restore plan is not in a state for this', '恢复计划当前状态不允许此操作'),
    said('Read the plan again.', '请重新读取该恢复计划。'),
  ),
  'restore-plan-changed': problem(
    409,
    said('This is not the plan as it is now', '恢复计划已变更'),
    said(
      'Read the plan again and decide about its present `planDigest`.',
      '请重新读取该恢复计划，并按其当前的 `planDigest` 作出决定。',
    ),
    ['planDigest'],
  ),
  'approval-expired': problem(
    409,
    said('The approval is no longer valid', '审批已过期'),
    said('Have the plan approved again.', '请将该恢复计划重新提交审批。'),
  ),
  'not-planner': problem(
    403,
    said('Only who drew up the plan may change it', '只有计划编制人可以修改'),
    said(
      'Let the planner change it, or draw up a plan of your own.',
      '请由计划编制人修改，或自行另编恢复计划。',
    ),
  ),
} as const satisfies Record<string, ProblemDefinition>
