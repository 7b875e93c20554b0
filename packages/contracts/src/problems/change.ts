import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals around changes and their approval. */
export const changeProblems = {
  'change-not-found': problem(404, 'The change does not exist', '变更不存在', 'Check the id.'),
  'change-state': problem(
    409,
    'The change is not in a state for this',
    '变更当前状态不允许此操作',
    'Read the change: its state and the stage that is next.',
  ),
  'not-key-user': problem(
    403,
    'Only a key user of the unit and module may ask for this',
    '只有本单位该模块的关键用户可以申请',
    'Let a key user of the unit and module submit it.',
  ),
  'not-change-requester': problem(
    403,
    'Only the requester may do this',
    '只有申请人可以办理',
    'Let the person who asked for the change act.',
  ),
  'not-change-approver': problem(
    403,
    'You do not approve this stage',
    '无权审批此环节',
    'Unit: its business owner or its key user, of that unit. Company: the tier 2 key user of the module, else the O&M authority, of no unit that asks.',
  ),
  'not-change-executor': problem(
    403,
    'Only the named executor may do this',
    '只有指定的实施人可以办理',
    'Let the executor named in the change act.',
  ),
  'outside-change-window': problem(
    409,
    'Changes may not start now',
    '当前不在变更窗口内',
    'Start in the window named in `nextWindow`.',
    ['nextWindow'],
  ),
  'outside-planned-time': problem(
    409,
    'It is not the planned time of the change',
    '不在变更的计划时间内',
    'Start between `plannedStart` and `plannedEnd`, or edit the plan and have it approved again.',
    ['plannedStart', 'plannedEnd'],
  ),
  'approval-lapsed': problem(
    409,
    'Somebody who approved the change could not approve it any more',
    '原审批人已失去审批资格',
    'Edit the change, which voids its approvals, and have it approved again.',
  ),
  'emergency-papers-overdue': problem(
    409,
    'Papers of an earlier emergency change are overdue',
    '此前紧急变更的补单已逾期',
    'File the papers of the change named in `changeId` first.',
    ['changeId'],
  ),
} as const satisfies Record<string, ProblemDefinition>
