import { said } from '../bilingual.ts'
import { problem, type ProblemDefinition } from './problem-definition.ts'

/** Refusals around changes and their approval. */
export const changeProblems = {
  'change-not-found': problem(
    404,
    said('The change does not exist', '变更不存在'),
    said('Check the id.', '请核对 ID。'),
  ),
  'change-state': problem(
    409,
    said('The change is not in a state for this', '变更当前状态不允许此操作'),
    said(
      'Read the change: its state and the stage that is next.',
      '请查看该变更的当前状态及下一环节。',
    ),
  ),
  'not-key-user': problem(
    403,
    said(
      'Only a key user of the unit and module may ask for this',
      '只有本单位该模块的关键用户可以申请',
    ),
    said('Let a key user of the unit and module submit it.', '请由本单位该模块的关键用户提交。'),
  ),
  'not-change-requester': problem(
    403,
    said('Only the requester may do this', '只有申请人可以办理'),
    said('Let the person who asked for the change act.', '请由该变更的申请人办理。'),
  ),
  'not-change-approver': problem(
    403,
    said('You do not approve this stage', '无权审批此环节'),
    said(
      'Unit: its business owner or its key user, of that unit. Company: the tier 2 key user of the module, else the O&M authority, of no unit that asks.',
      '单位环节：由本单位的业务负责人或关键用户审批。公司环节：由该模块的二级支持关键用户审批；没有的，由运维主管部门审批；审批人不得属于申请单位。',
    ),
  ),
  'not-change-executor': problem(
    403,
    said('Only the named executor may do this', '只有指定的实施人可以办理'),
    said('Let the executor named in the change act.', '请由变更中指定的实施人办理。'),
  ),
  'outside-change-window': problem(
    409,
    said('Changes may not start now', '当前不在变更窗口内'),
    said('Start in the window named in `nextWindow`.', '请在 `nextWindow` 所示的变更窗口内开始。'),
    ['nextWindow'],
  ),
  'outside-planned-time': problem(
    409,
    said('It is not the planned time of the change', '不在变更的计划时间内'),
    said(
      'Start between `plannedStart` and `plannedEnd`, or edit the plan and have it approved again.',
      '请在 `plannedStart` 与 `plannedEnd` 之间开始；或修改计划并重新审批。',
    ),
    ['plannedStart', 'plannedEnd'],
  ),
  'approval-lapsed': problem(
    409,
    said(
      'Somebody who approved the change could not approve it any more',
      '原审批人已失去审批资格',
    ),
    said(
      'Edit the change, which voids its approvals, and have it approved again.',
      '请修改该变更（原审批随之作废）并重新审批。',
    ),
  ),
  'emergency-papers-overdue': problem(
    409,
    said('Papers of an earlier emergency change are overdue', '此前紧急变更的补单已逾期'),
    said(
      'File the papers of the change named in `changeId` first.',
      '请先补齐 `changeId` 所指变更的材料。',
    ),
    ['changeId'],
  ),
} as const satisfies Record<string, ProblemDefinition>
