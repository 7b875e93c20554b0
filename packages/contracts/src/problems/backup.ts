import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals of backup orchestration. */
export const backupProblems = {
  'backup-site-not-found': problem(
    404,
    'The backup site does not exist',
    '备份存放地不存在',
    'Check the code.',
  ),
  'backup-site-exists': problem(
    409,
    'A backup site with this code exists',
    '备份存放地代码已存在',
    'Use the existing site or another code.',
  ),
  'backup-target-not-found': problem(
    404,
    'The backup target does not exist',
    '备份对象不存在',
    'Check the id.',
  ),
  'backup-target-exists': problem(
    409,
    'A backup target with this code exists',
    '备份对象代码已存在',
    'Use the existing target or another code.',
  ),
  'backup-system-not-found': problem(
    404,
    'The system does not exist',
    '系统不存在',
    'Check the code; a system is known from its first target on.',
  ),
  'backup-system-foreign': problem(
    409,
    'The system belongs to another unit',
    '系统属于其他单位',
    'Register the target under a system of its own unit.',
  ),
  'backup-target-state': problem(
    409,
    'The backup target is not in a state for this',
    '备份对象当前状态不允许此操作',
    'Activate the target and set its policy first.',
  ),
  'backup-policy-missing': problem(
    404,
    'The backup target has no policy',
    '备份对象尚无备份策略',
    'Set a policy first.',
  ),
  'backup-policy-refused': problem(
    422,
    'The backup policy is not usable',
    '备份策略不符合规定',
    'Correct the members listed in `errors`.',
  ),
  'backup-site-state': problem(
    409,
    'The backup site is confirmed already',
    '备份存放地已确认',
    'Read the site; nothing is left to confirm.',
  ),
  'not-plan-approver': problem(
    403,
    'You do not approve the restore of this data',
    '无权审批该数据的恢复',
    'A unit that uses the ERP: its business owner, of that unit. Others: the O&M authority.',
  ),
  'not-plan-executor': problem(
    403,
    'You may not execute restores any more',
    '已无权执行恢复',
    'Let somebody with the right to execute restores act.',
  ),
  'backup-run-not-found': problem(
    404,
    'The backup run does not exist',
    '备份任务不存在',
    'Check the id.',
  ),
  'run-in-progress': problem(
    409,
    'The target already has a run waiting or at work',
    '备份对象已有等待或执行中的任务',
    'See `runId`; wait for its end or cancel it.',
  ),
  'backup-run-state': problem(
    409,
    'The backup run is not in a state for this',
    '备份任务当前状态不允许此操作',
    'Read the run again.',
  ),
  'backup-copy-not-found': problem(
    404,
    'The copy does not exist',
    '备份副本不存在',
    'Check the id.',
  ),
  'backup-copy-state': problem(
    409,
    'The copy is not proven good',
    '备份副本未经验证或已损坏',
    'Choose a copy whose state is `good`.',
  ),
  'assignment-not-found': problem(
    404,
    'The assignment does not exist',
    '任务不存在',
    'Lease again.',
  ),
  'report-refused': problem(
    422,
    'The report does not fit the assignment',
    '上报结果与任务不符',
    'Report the outcome that belongs to the kind of the assignment.',
  ),
  'restore-plan-not-found': problem(
    404,
    'The restore plan does not exist',
    '恢复计划不存在',
    'Check the id.',
  ),
  'restore-plan-state': problem(
    409,
    'The restore plan is not in a state for this',
    '恢复计划当前状态不允许此操作',
    'Read the plan again.',
  ),
  'restore-plan-changed': problem(
    409,
    'This is not the plan as it is now',
    '恢复计划已变更',
    'Read the plan again and decide about its present `planDigest`.',
  ),
  'approval-expired': problem(
    409,
    'The approval is no longer valid',
    '审批已过期',
    'Have the plan approved again.',
  ),
  'not-planner': problem(
    403,
    'Only who drew up the plan may change it',
    '只有计划编制人可以修改',
    'Let the planner change it, or draw up a plan of your own.',
  ),
} as const satisfies Record<string, ProblemDefinition>
